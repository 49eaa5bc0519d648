import { BitorchError } from '#base';

/** BIP-350. Above 90 characters its checksum no longer finds every four errors, but still all but one in 2^30. */

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

/** Throws ADDRESS_INVALID unless the text is one that `encodeBech32m` makes, in one case throughout. */
export function decodeBech32m(text: string, maxLength = 200): { prefix: string; bytes: Uint8Array } {
  const refuse = (why: string): never => {
    throw new BitorchError('ADDRESS_INVALID', `not an address: ${why}`);
  };
  if (text.length > maxLength) refuse('too long');
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) refuse('small and capital letters mixed');
  const border = lower.lastIndexOf('1');
  if (border < 1 || lower.length - border <= CHECKSUM) refuse('no prefix, or too short');
  const prefix = lower.slice(0, border);
  const words = [...lower.slice(border + 1)].map((letter) => LETTERS.indexOf(letter));
  if (words.includes(-1) || !/^[\x21-\x7e]+$/.test(prefix)) refuse('a letter that no address has');
  if (polymod([...expand(prefix), ...words]) !== CONSTANT)
    refuse('the checksum is wrong: look for a typing error');
  const bytes = regroup(words.slice(0, -CHECKSUM), 5, 8, false) ?? refuse('bits are left over');
  return { prefix, bytes: Uint8Array.from(bytes) };
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

/** Groups of `from` bits as groups of `to` bits; undefined when what is left over is not a padding of zeros. */
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
