// RMS normalisation and quantisation of activations into the records that matrix kernels read (arithmetic.md, "Activations").
//
// A record holds 32 columns of one row. RECORD4 (40 bytes): 32 int8, f32 scale dx, f32 dx · sum. RECORD8 (72 bytes):
// 32 × |int8|, 32 sign bytes (0 or -1), f32 scale dx, i32 start value of the integer sum.
import { integerSumOf, inverseStep, largestOf, magnitude, rounded, step, sumOf } from './vector.as';

/** Record formats, as bits of a mask: RECORD4 for 4-bit weights, RECORD8 for 8-bit weights. */
export const FORMAT4: i32 = 1;
export const FORMAT8: i32 = 2;
export const RECORD4_BYTES: usize = 40;
export const RECORD8_BYTES: usize = 72;

const SCALE: f32 = 18446744073709551616.0; // 2^64
const MAGIC_BITS: i32 = 0x4b400000;

@inline function quads(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

@inline function byteSums(v: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v));
}

/**
 * Quantises one block into a record of each requested format.
 *
 * x: 32 f32; record4: RECORD4_BYTES if formats & FORMAT4; record8: RECORD8_BYTES if formats & FORMAT8.
 */
export function quantise(x: usize, record4: usize, record8: usize, formats: i32): void {
  const v0 = v128.load(x), v1 = v128.load(x, 16), v2 = v128.load(x, 32), v3 = v128.load(x, 48);
  const v4 = v128.load(x, 64), v5 = v128.load(x, 80), v6 = v128.load(x, 96), v7 = v128.load(x, 112);
  const m01 = i32x4.max_s(magnitude(v0), magnitude(v1)), m23 = i32x4.max_s(magnitude(v2), magnitude(v3));
  const m45 = i32x4.max_s(magnitude(v4), magnitude(v5)), m67 = i32x4.max_s(magnitude(v6), magnitude(v7));
  const m = largestOf(i32x4.max_s(i32x4.max_s(m01, m23), i32x4.max_s(m45, m67)));
  const inverse = f32x4.splat(inverseStep(m, 127)), dx = step(m, 127) * SCALE;

  const q0 = rounded(f32x4.mul(v0, inverse)), q1 = rounded(f32x4.mul(v1, inverse));
  const q2 = rounded(f32x4.mul(v2, inverse)), q3 = rounded(f32x4.mul(v3, inverse));
  const q4 = rounded(f32x4.mul(v4, inverse)), q5 = rounded(f32x4.mul(v5, inverse));
  const q6 = rounded(f32x4.mul(v6, inverse)), q7 = rounded(f32x4.mul(v7, inverse));
  const low = quads(q0, q1, q2, q3), high = quads(q4, q5, q6, q7);
  const s01 = i32x4.add(i32x4.add(q0, q1), i32x4.add(q2, q3)), s23 = i32x4.add(i32x4.add(q4, q5), i32x4.add(q6, q7));
  const sum = integerSumOf(i32x4.add(s01, s23));

  if (formats & FORMAT4) {
    v128.store(record4, low);
    v128.store(record4, high, 16);
    store<f32>(record4, dx, 32);
    store<f32>(record4, dx * <f32>sum, 36);
  }
  if (formats & FORMAT8) {
    const a = i8x16.abs(low), b = i8x16.abs(high);
    v128.store(record8, a);
    v128.store(record8, b, 16);
    v128.store(record8, i8x16.shr_s(low, 7), 32);
    v128.store(record8, i8x16.shr_s(high, 7), 48);
    store<f32>(record8, dx, 64);
    // w ^ -1 = -w - 1, so each negative x subtracts an extra |x|; the start value of the sum compensates
    const negative = integerSumOf(i32x4.add(byteSums(a), byteSums(b))) - sum;
    store<i32>(record8, MAGIC_BITS + (negative >> 1), 68);
  }
}

/** Quantises a row. x: bytes / 4 f32, a multiple of 32; record4, record8: bytes / 128 consecutive records. */
export function quantiseRow(x: usize, bytes: usize, record4: usize, record8: usize, formats: i32): void {
  for (let i: usize = 0; i < bytes; i += 128) {
    quantise(x + i, record4, record8, formats);
    record4 += RECORD4_BYTES;
    record8 += RECORD8_BYTES;
  }
}

/** RMS normalisation: out = x · 1/√(mean x² + eps) · weight. x, weight, out: n f32, n a multiple of 32. */
export function normalise(x: usize, weight: usize, n: usize, eps: f32, out: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const bytes = n << 2;
  for (let i: usize = 0; i < bytes; i += 64) {
    const a = v128.load(x + i), b = v128.load(x + i, 16), c = v128.load(x + i, 32), d = v128.load(x + i, 48);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
    s1 = f32x4.add(s1, f32x4.mul(b, b));
    s2 = f32x4.add(s2, f32x4.mul(c, c));
    s3 = f32x4.add(s3, f32x4.mul(d, d));
  }
  const squares = sumOf(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(squares / <f32>n + eps));
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(x + i), scale), v128.load(weight + i)));
  }
}
