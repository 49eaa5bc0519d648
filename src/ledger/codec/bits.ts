import { blob } from './codec.ts';

/** Which of a list of at most `max` things are meant: bit i of byte ⌊i/8⌋, from the least. */
export const bits = (max: number) => blob(Math.ceil(max / 8));

export const hasBit = (of: Uint8Array, index: number): boolean =>
  ((of[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

export function bitsOf(length: number, has: (index: number) => boolean): Uint8Array {
  const out = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (has(i)) out[i >> 3]! |= 1 << (i & 7);
  return out;
}

/** Whether these are the bits of a list of that length: as many bytes as it takes, and none set beyond its end. */
export const areBitsFor = (length: number, of: Uint8Array): boolean =>
  of.length === Math.ceil(length / 8) && (length % 8 === 0 || of.at(-1)! >> (length % 8) === 0);
