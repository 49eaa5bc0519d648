import type { Entry, ReadView } from './view.ts';

/** A key as a string that sorts like its bytes. */
export const keyText = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

/** Inverse of `keyText`. */
export const keyBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** The smallest key greater than all keys with this prefix. Throws RangeError when `prefix` has only 0xff bytes. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  if (last < 0) throw new RangeError('afterPrefix: a prefix of 0xff bytes only has no successor');
  const next = prefix.slice(0, last + 1);
  next[last]!++;
  return next;
}

/** Every entry of a store: bucket tags end at 254. */
export const everythingIn = (view: ReadView): Iterable<Entry> =>
  view.range({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) });

/** Index of the first element that is not less than `text`. */
export function lowerBound(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
