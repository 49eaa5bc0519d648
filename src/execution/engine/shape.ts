import { BitorchError } from '#base';
import type { Architecture } from '#formats';

/** Longest context: sums of 8-bit values times 7-bit probabilities must fit 32 bits. */
export const MAX_CONTEXT = 131072;
/** Widest head: sums of 8-bit keys times 14-bit queries must fit 32 bits. */
const MAX_HEAD_DIM = 256;

/** Refuses shapes that the arithmetic is not defined for. Throws ARCHITECTURE_UNSUPPORTED. */
export function checkShape(a: Architecture): void {
  const problems = [
    a.hidden % 32 !== 0 && `hidden size ${a.hidden} is not a multiple of 32`,
    a.ffn % 32 !== 0 && `feed-forward size ${a.ffn} is not a multiple of 32`,
    a.headDim % 32 !== 0 && `head size ${a.headDim} is not a multiple of 32`,
    a.headDim > MAX_HEAD_DIM && `head size ${a.headDim} is over ${MAX_HEAD_DIM}`,
    a.heads % a.kvHeads !== 0 && `${a.heads} heads cannot share ${a.kvHeads} key/value heads evenly`,
  ].filter((problem) => problem !== false);
  if (problems.length > 0) {
    throw new BitorchError(
      'ARCHITECTURE_UNSUPPORTED',
      `this model cannot be run: ${problems.join('; ')}. Choose a model with other sizes.`,
    );
  }
}

/** Query heads that share a KV head are scored together, at most four at once: (first head, heads, KV head). */
export function headGroups({ heads, kvHeads }: Architecture): [number, number, number][] {
  const sharing = heads / kvHeads;
  const parts = Math.ceil(sharing / 4);
  const groups: [number, number, number][] = [];
  for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
    for (let part = 0; part < parts; part++) {
      const from = Math.floor((sharing * part) / parts);
      const to = Math.floor((sharing * (part + 1)) / parts);
      groups.push([kvHead * sharing + from, to - from, kvHead]);
    }
  }
  return groups;
}

/** Largest power of two that divides the head: the length of its Hadamard blocks. */
export const hadamardLength = ({ headDim }: Architecture): number => headDim & -headDim;

/** What integer scores are multiplied by beside their scales: 1/√headDim, and 1/length of the Hadamard transform. */
export const scoreScale = (a: Architecture): number =>
  Math.fround(Math.fround(1 / Math.sqrt(a.headDim)) / hadamardLength(a));

/** Bytes of one head cache: keys, values, key scales, key sums, value scales. */
export const cacheBytes = (capacity: number, headDim: number): number => capacity * (2 * headDim + 12);
