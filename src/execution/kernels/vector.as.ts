// Small operations on four-lane vectors. Their order of operations is normative (arithmetic.md).

/** A block whose largest magnitude is below this (2^-100) is quantised to zero, because 127 / m would overflow. */
export const SMALLEST: f32 = 7.888609052210118e-31;
/** Bits of infinity. Magnitudes are compared as integers, so that infinity and NaN are the largest. */
export const NOT_FINITE: i32 = 0x7f800000;

/** Largest lane of four f32; NaN propagates in lane order, as in pmax. */
@inline export function maximumOf(v: v128): f32 {
  const a = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2)), 0);
}

/** Sum of four f32 lanes: (v0 + v2) + (v1 + v3). */
@inline export function sumOf(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3));
}

@inline export function integerSumOf(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

/** Nearest i32 of four f32, half to even, for |v| < 2^22. */
@inline export function rounded(v: v128): v128 {
  const magic = f32x4.splat(12582912);
  return i32x4.sub(f32x4.add(v, magic), magic);
}

/** Bits of |v|, for four f32. */
@inline export function magnitude(v: v128): v128 {
  return v128.and(v, i32x4.splat(0x7fffffff));
}

@inline export function largestOf(v: v128): i32 {
  const a = i32x4.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_s(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2)), 0);
}

/** Bits of the largest magnitude in x. x: bytes / 4 f32, a multiple of 4. */
export function largestMagnitude(x: usize, bytes: usize): i32 {
  let m = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) m = i32x4.max_s(m, magnitude(v128.load(x + i)));
  return largestOf(m);
}

/** Inverse quantisation step levels / m; 0 for a block that is quantised to zero or is not finite. */
@inline export function inverseStep(m: i32, levels: f32): f32 {
  const f = reinterpret<f32>(m);
  return m < NOT_FINITE && f >= SMALLEST ? levels / f : 0;
}

/** Quantisation step m / levels; 0 for a block that is quantised to zero. NaN for a non-finite block, which makes its row NaN. */
@inline export function step(m: i32, levels: f32): f32 {
  if (m >= NOT_FINITE) return NaN;
  const f = reinterpret<f32>(m);
  return f >= SMALLEST ? f / levels : 0;
}
