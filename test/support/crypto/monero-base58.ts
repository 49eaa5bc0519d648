import { concat, equalBytes, fromHex } from '#base';
import type { Address, Curve } from '#crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Characters that 0 … 8 bytes take. */
const LENGTHS = [0, 2, 3, 5, 6, 7, 9, 10, 11];

function decodeBlock(text: string): Uint8Array {
  const size = LENGTHS.indexOf(text.length);
  if (size < 0) throw new RangeError('no such block of base58');
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) throw new RangeError(`not base58: ${character}`);
    value = value * 58n + BigInt(digit);
  }
  return fromHex(value.toString(16).padStart(2 * size, '0'));
}

/** Monero's base58: blocks of 8 bytes as 11 characters. */
export function decodeBase58(text: string): Uint8Array {
  return concat((text.match(/.{1,11}/g) ?? []).map(decodeBlock));
}

/** Prefixes of the main network, which regtest uses too. */
const STANDARD = 18;
const INTEGRATED = 19;
const SUBADDRESS = 42;

export function readMoneroAddress(text: string, curve: Curve): Address {
  const bytes = decodeBase58(text);
  const [body, checksum] = [bytes.subarray(0, -4), bytes.subarray(-4)];
  if (!equalBytes(curve.keccak256(body).subarray(0, 4), checksum)) throw new RangeError('wrong checksum');
  if (![STANDARD, INTEGRATED, SUBADDRESS].includes(body[0]!)) throw new RangeError('unknown kind of address');
  return {
    spendKey: body.subarray(1, 33),
    viewKey: body.subarray(33, 65),
    subaddress: body[0] === SUBADDRESS,
  };
}
