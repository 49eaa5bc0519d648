import { BitorchError } from '#base';

/** Bech32m (BIP-350). Above 90 characters the checksum no longer detects all four-character errors, but misses only 1 in 2^30. */

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CONSTANT = 0x2bc830a3;
const CHECKSUM = 6;

export function encodeBech32m(prefix: string, bytes: Uint8Array): string {
  const words = regroup(bytes, 8, 5, true)!;
  const sum = polymod([...expand(prefix), ...words, ...new Array(CHECKSUM).fill(0)]) ^ CONSTANT;
  const check = Array.from({ length: CHECKSUM }, (_, i) => (sum >>> (5 * (CHECKSUM - 1 - i))) & 31);
  return `${prefix}1${[...words, ...check].map((word) => LETTERS[word]).join('')}`;
}

/** The kinds of text in bech32m, and the error code for each. */
const REFUSALS = {
  address: 'ADDRESS_INVALID',
  'view key': 'VIEW_KEY_INVALID',
  'payment proof': 'PAYMENT_PROOF_INVALID',
} as const;
type TextKind = keyof typeof REFUSALS;

/**
 * Decodes text made by `encodeBech32m` with this prefix, in either case but not mixed. Throws ADDRESS_INVALID,
 * VIEW_KEY_INVALID or PAYMENT_PROOF_INVALID, by `kind`, when it does not decode.
 */
export function decodeBech32m(text: string, prefix: string, kind: TextKind, maxLength = 400): Uint8Array {
  const refuse = (why: string): never => {
    throw new BitorchError(REFUSALS[kind], `not a valid ${kind}: ${why}`);
  };
  if (text.length > maxLength) refuse('too long');
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) refuse('it mixes lower and upper case');
  if (!lower.startsWith(`${prefix}1`)) refuse(`it must begin with ${prefix}1`);
  const words = [...lower.slice(prefix.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (words.length < CHECKSUM) refuse('too short');
  if (words.includes(-1)) refuse('it contains a character that is not allowed');
  if (polymod([...expand(prefix), ...words]) !== CONSTANT)
    refuse('the checksum is wrong: look for a typing error');
  const bytes = regroup(words.slice(0, -CHECKSUM), 5, 8, false) ?? refuse('its padding is wrong');
  return Uint8Array.from(bytes);
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  let sum = 1;
  for (const word of words) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ word;
    for (const [i, generator] of GENERATOR.entries()) if ((top >>> i) & 1) sum ^= generator;
  }
  return sum >>> 0;
}

/** Regroups `from`-bit words into `to`-bit words; undefined when the remaining bits are not zero padding. */
function regroup(words: Iterable<number>, from: number, to: number, pad: boolean): number[] | undefined {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  for (const word of words) {
    held = ((held << from) | word) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >>> bits) & ((1 << to) - 1));
    }
  }
  const rest = held & ((1 << bits) - 1);
  if (pad && bits > 0) out.push(rest << (to - bits));
  if (!pad && (bits >= from || rest !== 0)) return undefined;
  return out;
}
