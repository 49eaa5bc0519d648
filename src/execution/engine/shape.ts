import { BitorchError } from '#base';
import type { Architecture } from '#formats';

/** Maximum context in positions: sums of 8-bit values × 7-bit probabilities must fit in 32 bits. */
export const MAX_CONTEXT = 131072;
/** Maximum head dimension: sums of 8-bit keys × 14-bit queries must fit in 32 bits. */
const MAX_HEAD_DIM = 256;

/** Throws ARCHITECTURE_UNSUPPORTED when the arithmetic is not defined for the model's shape. */
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
      `this model cannot be run: ${problems.join('; ')}. Choose a model with other dimensions.`,
    );
  }
}

/**
 * Groups of 1–4 query heads that share a KV head and are scored together: (first head, number of heads, KV head), as in the
 * kernels' group table.
 */
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

/** Length of a head's Hadamard blocks: the largest power of two that divides headDim. */
export const hadamardLength = ({ headDim }: Architecture): number => headDim & -headDim;

/** Factor of integer scores besides their quantisation scales: 1/√headDim / (length of the Hadamard transform). */
export const scoreScale = (a: Architecture): number =>
  Math.fround(Math.fround(1 / Math.sqrt(a.headDim)) / hadamardLength(a));

/**
 * Bytes of one head cache of `capacity` positions: keys and values (capacity × headDim int8 each), then key scales (f32),
 * key sums (i32) and value scales (f32), one per position.
 */
export const cacheBytes = (capacity: number, headDim: number): number => capacity * (2 * headDim + 12);
