import { BitorchError, concat, equalBytes } from '#base';
import { type Address, type Curve, isValidAddress } from '#crypto';
import { KEY_BYTES, NETWORK_BYTES } from '../constants.ts';
import { decodeBech32m, encodeBech32m } from './bech32m.ts';

const PREFIX = 'torch';
const BYTES = 1 + NETWORK_BYTES + 2 * KEY_BYTES;

/** The text form of an address, `torch1…`: kind, 1 byte (1: subaddress) ‖ network, 4 ‖ spend key, 32 ‖ view key, 32. */
export function formatAddress({ spendKey, viewKey, subaddress }: Address, network: Uint8Array): string {
  return encodeBech32m(PREFIX, concat([Uint8Array.of(subaddress ? 1 : 0), network, spendKey, viewKey]));
}

/** Throws ADDRESS_INVALID when the text has an error, belongs to another network, or its keys are not of prime order. */
export function parseAddress(text: string, network: Uint8Array, curve: Curve): Address {
  const bytes = decodeBech32m(text.trim(), PREFIX, 'address');
  if (bytes.length !== BYTES || bytes[0]! > 1) {
    throw new BitorchError('ADDRESS_INVALID', 'not a valid address: its kind or length is unknown');
  }
  if (!equalBytes(bytes.subarray(1, 1 + NETWORK_BYTES), network)) {
    throw new BitorchError('ADDRESS_INVALID', 'the address belongs to another network');
  }
  const address = {
    spendKey: bytes.slice(1 + NETWORK_BYTES, 1 + NETWORK_BYTES + KEY_BYTES),
    viewKey: bytes.slice(1 + NETWORK_BYTES + KEY_BYTES),
    subaddress: bytes[0] === 1,
  };
  if (!isValidAddress(address, curve)) {
    throw new BitorchError('ADDRESS_INVALID', 'the keys of the address are not points of prime order');
  }
  return address;
}
