import type { Message } from './messages.ts';

/** Reading a byte, in milliseconds: decoding and hashing. */
const BYTE_MS = 5e-6;
const MESSAGE_MS = 0.02;
const ID_MS = 0.002;
const TRANSACTION_MS = 0.05;
/** Hundreds of signatures. That of a vote or proposal is verified once, whoever sends it. */
const CERTIFICATE_MS = 2;

/**
 * What a message costs who receives it, in milliseconds of a slow core: by what it is and not by a clock, so that a busy
 * machine charges its honest peers no more.
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
