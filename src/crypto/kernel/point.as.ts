// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Points of -x^2 + y^2 = 1 + d x^2 y^2 in extended coordinates (X : Y : Z : T), x = X/Z, y = Y/Z, T = XY/Z
// (Hisil, Wong, Carter, Dawson, eprint 2008/522), 192 bytes. A cached point is (Y + X, Y - X, 2Z, 2dT).
import { carry, multiply, square, toBytes } from './field-limbs.as';
import { add, copy, equals, FIELD, fromCanonical, invert, isOdd, isZero, negate, powerForRoot, setSmall, subtract } from './field.as';
import { D, D2, ONE, ROOT_OF_MINUS_ONE } from './constants.as';

export const POINT: i32 = 192;
export const X: usize = 0;
export const Y: usize = FIELD;
export const Z: usize = 2 * FIELD;
export const T: usize = 3 * FIELD;

// The completed form of a sum: X = EF, Y = GH, Z = FG, T = EH.
const E = memory.data(48, 16);
const F = memory.data(48, 16);
const G = memory.data(48, 16);
const H = memory.data(48, 16);
const t0 = memory.data(48, 16);
const t1 = memory.data(48, 16);

export function copyPoint(out: usize, p: usize): void {
  memory.copy(out, p, POINT);
}

export function setIdentity(out: usize): void {
  memory.fill(out, 0, POINT);
  store<i32>(out, 1, Y);
  store<i32>(out, 1, Z);
}

function completeWithoutT(out: usize): void {
  multiply(out + X, E, F);
  multiply(out + Y, G, H);
  multiply(out + Z, F, G);
}

function complete(out: usize): void {
  completeWithoutT(out);
  multiply(out + T, E, H);
}

function doubling(p: usize): void {
  square(t0, p + X);
  square(t1, p + Y);
  square(F, p + Z);
  add(E, p + X, p + Y);
  square(E, E);
  add(H, t0, t1);
  subtract(E, E, H);
  negate(H, H);
  subtract(G, t1, t0);
  add(F, F, F);
  subtract(F, G, F);
}

/** out = 2p, but for T. T of p is not read. */
export function doubleWithoutT(out: usize, p: usize): void {
  doubling(p);
  completeWithoutT(out);
}

export function double(out: usize, p: usize): void {
  doubling(p);
  complete(out);
}

function combine(p: usize, plus: usize, minus: usize, z2: usize, t2d: usize): void {
  subtract(t0, p + Y, p + X);
  multiply(t0, t0, minus);
  add(t1, p + Y, p + X);
  multiply(t1, t1, plus);
  subtract(E, t1, t0);
  add(H, t1, t0);
  multiply(t0, p + T, t2d);
  multiply(t1, p + Z, z2);
  subtract(F, t1, t0);
  add(G, t1, t0);
}

/** p - q: as p + q with the two sums changed places and the sign of 2dT changed. */
function combineNegative(p: usize, q: usize): void {
  subtract(t0, p + Y, p + X);
  multiply(t0, t0, q);
  add(t1, p + Y, p + X);
  multiply(t1, t1, q + FIELD);
  subtract(E, t1, t0);
  add(H, t1, t0);
  multiply(t0, p + T, q + T);
  multiply(t1, p + Z, q + Z);
  add(F, t1, t0);
  subtract(G, t1, t0);
}

export function addCached(out: usize, p: usize, q: usize): void {
  combine(p, q, q + FIELD, q + Z, q + T);
  complete(out);
}

export function subtractCached(out: usize, p: usize, q: usize): void {
  combineNegative(p, q);
  complete(out);
}

/** out = p + q but for T, which a doubling does not need. */
export function addCachedWithoutT(out: usize, p: usize, q: usize): void {
  combine(p, q, q + FIELD, q + Z, q + T);
  completeWithoutT(out);
}

export function subtractCachedWithoutT(out: usize, p: usize, q: usize): void {
  combineNegative(p, q);
  completeWithoutT(out);
}

export function cache(out: usize, p: usize): void {
  add(t0, p + Y, p + X);
  subtract(t1, p + Y, p + X);
  add(out + Z, p + Z, p + Z);
  multiply(out + T, p + T, D2);
  copy(out, t0);
  copy(out + FIELD, t1);
}

const cached = memory.data(192, 16);

export function addPoints(out: usize, p: usize, q: usize): void {
  cache(cached, q);
  addCached(out, p, cached);
}

export function subtractPoints(out: usize, p: usize, q: usize): void {
  cache(cached, q);
  subtractCached(out, p, cached);
}

export function negatePoint(out: usize, p: usize): void {
  negate(out + X, p + X);
  copy(out + Y, p + Y);
  copy(out + Z, p + Z);
  negate(out + T, p + T);
}

/** out = 8p. */
export function multiplyByCofactor(out: usize, p: usize): void {
  doubleWithoutT(out, p);
  doubleWithoutT(out, out);
  double(out, out);
}

export function isIdentity(p: usize): bool {
  return isZero(p + X) && equals(p + Y, p + Z);
}

export function equalPoints(p: usize, q: usize): bool {
  multiply(t0, p + X, q + Z);
  multiply(t1, q + X, p + Z);
  if (!equals(t0, t1)) return false;
  multiply(t0, p + Y, q + Z);
  multiply(t1, q + Y, p + Z);
  return equals(t0, t1);
}

/** Puts p into bytes, given 1/Z. */
function encodeWith(out: usize, p: usize, inverse: usize): void {
  multiply(t0, p + X, inverse);
  multiply(t1, p + Y, inverse);
  toBytes(out, t1);
  store<u8>(out, load<u8>(out, 31) | (isOdd(t0) << 7), 31);
}

/** Encodes `count` points; `scratch` has room for as many field elements. One inversion (Montgomery's trick). */
export function encodeAll(out: usize, points: usize, count: i32, scratch: usize): void {
  if (count == 0) return;
  setSmall(scratch, 1);
  for (let i = 1; i < count; i++) {
    multiply(scratch + i * FIELD, scratch + (i - 1) * FIELD, points + (i - 1) * POINT + Z);
  }
  multiply(E, scratch + (count - 1) * FIELD, points + (count - 1) * POINT + Z);
  invert(E, E);
  for (let i = count - 1; i >= 0; i--) {
    multiply(F, E, scratch + i * FIELD);
    multiply(E, E, points + i * POINT + Z);
    encodeWith(out + i * 32, points + i * POINT, F);
  }
}

/** Strict decoding: false for y >= p, for no point of the curve, and for x = 0 with the sign bit set. */
export function decode(out: usize, bytes: usize): bool {
  const sign = <i32>(load<u8>(bytes, 31) >> 7);
  if (!fromCanonical(out + Y, bytes)) return false;
  copy(out + Z, ONE);
  // x^2 = u/v, u = y^2 - 1, v = d y^2 + 1; x = u v^3 (u v^7)^((p - 5)/8), perhaps times the root of -1.
  square(E, out + Y);
  multiply(F, E, D);
  subtract(E, E, ONE);
  add(F, F, ONE);
  square(G, F);
  multiply(G, G, F);
  square(H, G);
  multiply(H, H, F);
  multiply(H, H, E);
  powerForRoot(H, H);
  multiply(H, H, G);
  multiply(H, H, E);
  square(t0, H);
  multiply(t0, t0, F);
  carry(t1, E);
  if (!equals(t0, t1)) {
    add(t1, t0, E);
    carry(t1, t1);
    if (!isZero(t1)) return false;
    multiply(H, H, ROOT_OF_MINUS_ONE);
  }
  const odd = isOdd(H);
  if (sign != odd) {
    if (isZero(H)) return false;
    negate(H, H);
  }
  copy(out + X, H);
  multiply(out + T, H, out + Y);
  return true;
}
