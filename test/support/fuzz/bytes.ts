/** Edits of bytes that know nothing of a format. */
import { concat } from '#base';
import type { Random } from '../attacks/index.ts';

type Bytes = Uint8Array;

/** Where lengths, counts and signs turn over. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** `bytes` with what stands at a place replaced. */
export const splice = (bytes: Bytes, at: number, remove: number, insert: Bytes): Bytes =>
  concat([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))]);

/** Mostly one thing wrong, sometimes up to eight. `words`: pieces that mean something in the format. */
export function scramble(random: Random, bytes: Bytes, words: readonly Bytes[] = []): Bytes {
  let out: Bytes = Uint8Array.from(bytes);
  const edits = random.chance(4) ? random.between(2, 8) : 1;
  for (let n = 0; n < edits && out.length > 0; n++) out = edit(random, out, words);
  return out;
}

function edit(random: Random, bytes: Bytes, words: readonly Bytes[]): Bytes {
  const at = random.below(bytes.length);
  switch (random.below(10)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 2:
    case 3:
      writeEdge(random, bytes, at);
      return bytes;
    case 4:
      return random.chance(3) ? bytes.slice(0, at) : splice(bytes, at, random.below(9), new Uint8Array());
    case 5:
      return splice(bytes, at, 0, random.bytes(1 + random.below(8)));
    case 6:
      return splice(bytes, at, 0, bytes.slice(at, at + 1 + random.below(64)));
    case 7:
      bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length));
      return bytes;
    default:
      if (words.length === 0) bytes[at]!++;
      else return splice(bytes, at, random.chance(2) ? 0 : random.below(9), random.pick(words));
      return bytes;
  }
}

function writeEdge(random: Random, bytes: Bytes, at: number): void {
  const width = random.pick([1, 2, 4, 8]);
  if (at + width > bytes.length) return;
  let value = BigInt(random.pick(EDGES)) << BigInt(random.chance(6) ? 32 : 0);
  if (random.chance(4)) value -= 1n;
  const little = !random.chance(4);
  for (let n = 0; n < width; n++) {
    bytes[little ? at + n : at + width - 1 - n] = Number((value >> BigInt(8 * n)) & 0xffn);
  }
}
