import type { Message } from './messages.ts';

/** Cost of reading a byte, in ms: decoding and hashing. */
const BYTE_MS = 5e-6;
const MESSAGE_MS = 0.02;
const ID_MS = 0.002;
const TRANSACTION_MS = 0.05;
/** A certificate has hundreds of signatures. A single vote or proposal is verified once, whoever sends it. */
const CERTIFICATE_MS = 2;

/**
 * Cost of a message to its receiver, in ms of a slow core. Derived from its kind, not measured, so that a busy
 * machine does not charge honest peers more.
 */
export function costOf(message: Message, bytes: number): number {
  const cost = MESSAGE_MS + bytes * BYTE_MS;
  switch (message.type) {
    case 'certificate':
      return cost + CERTIFICATE_MS;
    case 'offer':
    case 'want':
      return cost + message.value.length * ID_MS;
    case 'transactions':
      return cost + message.value.length * TRANSACTION_MS;
    case 'stem':
      return cost + TRANSACTION_MS;
    default:
      return cost;
  }
}
