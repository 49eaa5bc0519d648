// Small operations on vectors of four. Their order of operations is part of the arithmetic.

/** Blocks whose largest magnitude is below this (2^-100) count as zero: 127 / m would overflow. */
export const SMALLEST: f32 = 7.888609052210118e-31;
/** Magnitudes are compared as integers, so that infinities and NaN come out on top. */
export const NOT_FINITE: i32 = 0x7f800000;

/** Largest of four, NaN in lane order as pmax leaves it. */
@inline export function maximumOf(v: v128): f32 {
  const a = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2)), 0);
}

/** (v0 + v2) + (v1 + v3) */
@inline export function sumOf(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3));
}

@inline export function integerSumOf(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

/** Nearest integers, half to even; |v| < 2^22. */
@inline export function rounded(v: v128): v128 {
  const magic = f32x4.splat(12582912);
  return i32x4.sub(f32x4.add(v, magic), magic);
}

/** Bits of |v|. */
@inline export function magnitude(v: v128): v128 {
  return v128.and(v, i32x4.splat(0x7fffffff));
}

@inline export function largestOf(v: v128): i32 {
  const a = i32x4.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_s(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2)), 0);
}

/** Bits of the largest magnitude of `bytes` / 4 floats, a multiple of 4. */
export function largestMagnitude(x: usize, bytes: usize): i32 {
  let m = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) m = i32x4.max_s(m, magnitude(v128.load(x + i)));
  return largestOf(m);
}

/** levels / m, or 0 for a block that counts as zero or is not finite. */
@inline export function inverseStep(m: i32, levels: f32): f32 {
  const f = reinterpret<f32>(m);
  return m < NOT_FINITE && f >= SMALLEST ? levels / f : 0;
}

/** m / levels; 0 for a block that counts as zero, NaN for one that is not finite: it makes the whole row NaN. */
@inline export function step(m: i32, levels: f32): f32 {
  if (m >= NOT_FINITE) return NaN;
  const f = reinterpret<f32>(m);
  return f >= SMALLEST ? f / levels : 0;
}
