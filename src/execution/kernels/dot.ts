/** Builds of the kernels: `relaxed` uses relaxed SIMD, `plain` runs where it is missing; the bits are the same. */
export type Build = 'relaxed' | 'plain';

/**
 * Text of c + the four-byte dot products of `signed` (int8) and `low` (int8 in 0…127), per i32 lane. In that range
 * the relaxed instruction has one defined result, so both builds give equal bits.
 */
export const dot = (build: Build, signed: string, low: string, c: string): string =>
  build === 'relaxed'
    ? `i32x4.relaxed_dot_i8x16_i7x16_add_s(${signed}, ${low}, ${c})`
    : `plainDot(${signed}, ${low}, ${c})`;

/** Declaration that kernels with `dot` need in the plain build. */
export const dotSource = (build: Build): string =>
  build === 'relaxed'
    ? ''
    : `@inline function plainDot(a: v128, b: v128, c: v128): v128 {
  const low = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b));
  const high = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b));
  return i32x4.add(c, i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.shuffle<i32>(low, high, 1, 3, 5, 7)));
}
`;

/** Text of the f32 values, times 2^-112, of four f16 at `pointer + offset`. */
export const halfFloats = (pointer: string, offset: number, mask: string): string =>
  `v128.and(i32x4.shl(v128.load_ext<i16>(${pointer}, ${offset}), 13), ${mask})`;
