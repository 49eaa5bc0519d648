import { blob } from './codec.ts';

/** Codec of a bit set over a list of at most `max` entries: entry i is bit i mod 8 of byte ⌊i/8⌋, least significant bit first. */
export const bits = (max: number) => blob(Math.ceil(max / 8));

/** Whether bit `index` is set. */
export const hasBit = (of: Uint8Array, index: number): boolean =>
  ((of[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

/** The bit set of a list of `length` entries in which `has` holds for the set ones. */
export function bitsOf(length: number, has: (index: number) => boolean): Uint8Array {
  const out = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (has(i)) out[i >> 3]! |= 1 << (i & 7);
  return out;
}

/** Whether these are canonical bits for a list of that length: ⌈length / 8⌉ bytes, with no bit set past the end. */
export const areBitsFor = (length: number, of: Uint8Array): boolean =>
  of.length === Math.ceil(length / 8) && (length % 8 === 0 || of.at(-1)! >> (length % 8) === 0);
