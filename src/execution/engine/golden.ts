/** Number of positions in the fixed input of golden hashes. */
export const GOLDEN_ROWS = 5;

/**
 * The fixed input of golden hashes: GOLDEN_ROWS × hidden f32 in [−1, 1), multiples of 2^-23, from the linear congruential
 * generator s ← (1664525 · s + 1013904223) mod 2^32 with s = 1 initially. After each step the value is (s >> 8) / 2^23 − 1.
 */
export function goldenInput(hidden: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: GOLDEN_ROWS * hidden }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}
