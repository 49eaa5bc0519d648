/** One number for each token id. */
export type Logits = Float32Array | Float64Array;

export const everyId = (count: number): Int32Array => new Int32Array(count).map((_, id) => id);

/** Ids of the `count` largest logits in descending order; ties go to the lower id. */
export function largest(logits: Logits, count: number): Int32Array {
  const least = logits.toSorted()[logits.length - count]!;
  const ids = everyId(logits.length).filter((id) => logits[id]! >= least);
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).subarray(0, count);
}
