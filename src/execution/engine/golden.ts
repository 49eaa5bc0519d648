/** Positions of the input that golden hashes are made of. */
export const GOLDEN_ROWS = 5;

/**
 * The fixed input: GOLDEN_ROWS × hidden floats in [−1, 1), multiples of 2^-23, from the generator
 * s ← (1664525 · s + 1013904223) mod 2^32, s = 1 at first; each value is (s >> 8) / 2^23 − 1 after the step.
 */
export function goldenInput(hidden: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: GOLDEN_ROWS * hidden }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}
