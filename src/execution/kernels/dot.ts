/** Builds of the kernels. `relaxed` uses relaxed SIMD; `plain` runs where that is missing. Both produce the same bits. */
export type Build = 'relaxed' | 'plain';

/**
 * Text of c plus, per i32 lane, the dot product of four bytes of `signed` (int8) and `low` (int8 in 0…127). In that range the
 * relaxed instruction is deterministic, so both builds produce the same bits.
 */
export const dot = (build: Build, signed: string, low: string, c: string): string =>
  build === 'relaxed'
    ? `i32x4.relaxed_dot_i8x16_i7x16_add_s(${signed}, ${low}, ${c})`
    : `plainDot(${signed}, ${low}, ${c})`;

/** Declaration of the helper that `dot` calls in the plain build. */
export const dotSource = (build: Build): string =>
  build === 'relaxed'
    ? ''
    : `@inline function plainDot(a: v128, b: v128, c: v128): v128 {
  const low = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b));
  const high = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b));
  return i32x4.add(c, i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.shuffle<i32>(low, high, 1, 3, 5, 7)));
}
`;

/** Text that loads four f16 at `pointer + offset` as f32, scaled by 2^-112. */
export const halfFloats = (pointer: string, offset: number, mask: string): string =>
  `v128.and(i32x4.shl(v128.load_ext<i16>(${pointer}, ${offset}), 13), ${mask})`;
