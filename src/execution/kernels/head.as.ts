// RoPE, Hadamard transform and quantisation of the queries, keys and values of one head (arithmetic.md, "Attention"). The
// layout of a head cache is described in attention.ts.
import { NOT_FINITE, integerSumOf, inverseStep, largestMagnitude, rounded, step } from './vector.as';

/** RoPE on interleaved pairs. x, out, cos, sin: bytes / 4 f32; the tables hold (c, c) and (-s, s) for each pair. */
export function rotate(x: usize, out: usize, bytes: usize, cos: usize, sin: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(x + i), swapped = v128.shuffle<i32>(v, v, 1, 0, 3, 2);
    v128.store(out + i, f32x4.add(f32x4.mul(v, v128.load(cos + i)), f32x4.mul(swapped, v128.load(sin + i))));
  }
}

/**
 * Unnormalised Hadamard transform, in place, of each run of `block` bytes (a power of two ≥ 128). It spreads outliers over a
 * head, so that 8 bits suffice for keys. Applied to both queries and keys, it only scales their dot product.
 *
 * x: bytes / 4 f32.
 */
export function spread(x: usize, bytes: usize, block: usize): void {
  const odd = i32x4(0, i32.MIN_VALUE, 0, i32.MIN_VALUE), upper = i32x4(0, 0, i32.MIN_VALUE, i32.MIN_VALUE);
  for (let i: usize = 0; i < bytes; i += 16) {
    const a = v128.load(x + i), b = f32x4.add(v128.shuffle<i32>(a, a, 1, 0, 3, 2), v128.xor(a, odd));
    v128.store(x + i, f32x4.add(v128.shuffle<i32>(b, b, 2, 3, 0, 1), v128.xor(b, upper)));
  }
  for (let h: usize = 16; h < block; h <<= 1) {
    for (let i: usize = 0; i < bytes; i += h << 1) {
      for (let j = i; j < i + h; j += 16) {
        const p = x + j, a = v128.load(p), b = v128.load(p + h);
        v128.store(p, f32x4.add(a, b));
        v128.store(p + h, f32x4.sub(a, b));
      }
    }
  }
}

/**
 * Quantises a query to 14 bits. x: dim f32; out: high 7 bits of q + 8192 (dim int8), low 7 bits (dim int8), f32 scale.
 */
export function quantiseQuery(x: usize, dim: usize, scoreScale: f32, out: usize): void {
  const m = largestMagnitude(x, dim << 2), inverse = f32x4.splat(inverseStep(m, 8191));
  const offset = i32x4.splat(8192), low7 = i32x4.splat(127);
  for (let i: usize = 0; i < dim; i += 8) {
    const p = x + (i << 2);
    const a = i32x4.add(rounded(f32x4.mul(v128.load(p), inverse)), offset);
    const b = i32x4.add(rounded(f32x4.mul(v128.load(p, 16), inverse)), offset);
    const high = i16x8.narrow_i32x4_s(i32x4.shr_u(a, 7), i32x4.shr_u(b, 7));
    const low = i16x8.narrow_i32x4_s(v128.and(a, low7), v128.and(b, low7));
    v128.store64_lane(out + i, i8x16.narrow_i16x8_u(high, high), 0);
    v128.store64_lane(out + dim + i, i8x16.narrow_i16x8_u(low, low), 0);
  }
  store<f32>(out + (dim << 1), step(m, 8191) * scoreScale);
}

/** Size of a head cache in bytes, and the addresses of its parts; the keys are at its start. */
@inline export function cacheBytes(capacity: usize, dim: usize): usize { return capacity * (2 * dim + 12); }
@inline export function valuesOf(cache: usize, capacity: usize, dim: usize): usize { return cache + capacity * dim; }
@inline export function keyScalesOf(cache: usize, capacity: usize, dim: usize): usize { return cache + 2 * capacity * dim; }
@inline export function keySumsOf(cache: usize, capacity: usize, dim: usize): usize { return cache + capacity * (2 * dim + 4); }
@inline export function valueScalesOf(cache: usize, capacity: usize, dim: usize): usize { return cache + capacity * (2 * dim + 8); }

/** Packs the four i32 lanes into four int8. */
@inline function narrow(v: v128): i32 {
  const n = i16x8.narrow_i32x4_s(v, v);
  return i32x4.extract_lane(i8x16.narrow_i16x8_s(n, n), 0);
}

/** Quantises the key and value of one position to int8 with one scale each, into a head cache. key, value: dim f32. */
export function remember(key: usize, value: usize, cache: usize, capacity: usize, dim: usize, position: usize): void {
  const bytes = dim << 2, mk = largestMagnitude(key, bytes), mv = largestMagnitude(value, bytes);
  const ik = f32x4.splat(inverseStep(mk, 127)), iv = f32x4.splat(inverseStep(mv, 127));
  const keys = cache + (position >> 3) * (dim << 3) + ((position & 7) << 2);
  const values = valuesOf(cache, capacity, dim) + ((position >> 2) << 6) + (position & 3);
  let sum = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const k = rounded(f32x4.mul(v128.load(key + i), ik));
    sum = i32x4.add(sum, k);
    store<i32>(keys + (i << 1), narrow(k));
    const v = narrow(rounded(f32x4.mul(v128.load(value + i), iv)));
    const to = values + (i >> 6) * (capacity << 4) + (i & 63);
    store<u8>(to, v);
    store<u8>(to, v >> 8, 4);
    store<u8>(to, v >> 16, 8);
    store<u8>(to, v >> 24, 12);
  }
  // a non-finite value poisons the key scale: every score of this position, and so every later row, becomes NaN
  store<f32>(keyScalesOf(cache, capacity, dim) + (position << 2), step(mv >= NOT_FINITE ? mv : mk, 127));
  store<i32>(keySumsOf(cache, capacity, dim) + (position << 2), integerSumOf(sum) << 13);
  store<f32>(valueScalesOf(cache, capacity, dim) + (position << 2), step(mv, 127));
}
