// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Points of -x^2 + y^2 = 1 + d x^2 y^2 in extended coordinates, x = X/Z, y = Y/Z, T = XY/Z (Hisil, Wong, Carter,
// Dawson, eprint 2008/522), as two pairs: (X, Y), (T, Z). The eight products of an addition are four products of pairs. A
// cached point is (Y - X, Y + X), (2dT, 2Z).
import { D, D2_AND_2, IDENTITY_HALF, ONE, ROOT_OF_MINUS_ONE } from './constants.as';
import { multiply, square, toBytes } from './field-limbs.as';
import {
  copyElement, equals, fromCanonical, invert, isOdd, isZero, negateElement, PAIR, powerForRoot, SECOND,
} from './field.as';
import {
  add, copyPair, cross, factorsOfDouble, factorsOfSum, negateFirst, secondTwice, subtract, sumAndSecond, swap,
} from './pair-vectors.as';

export const POINT: i32 = 160;
const X: usize = 0;
const Y: usize = SECOND;
const TZ: usize = PAIR;
const T: usize = TZ;
const Z: usize = TZ + SECOND;

// Factors of the result: (X, Y) = leftXY·rightXY and (T, Z) = leftTZ·rightTZ.
const leftXY = memory.data(80, 16);
const rightXY = memory.data(80, 16);
const leftTZ = memory.data(80, 16);
const rightTZ = memory.data(80, 16);
const t0 = memory.data(80, 16);
const t1 = memory.data(80, 16);

export function copyPoint(out: usize, p: usize): void {
  copyPair(out, p);
  copyPair(out + TZ, p + TZ);
}

export function setIdentity(out: usize): void {
  copyPair(out, IDENTITY_HALF);
  copyPair(out + TZ, IDENTITY_HALF);
}

/** The cached identity: (1, 1), (0, 2). */
export function setCachedIdentity(out: usize): void {
  copyPair(out, ONE);
  add(out + TZ, IDENTITY_HALF, IDENTITY_HALF);
}

function complete(out: usize): void {
  multiply(out, leftXY, rightXY);
  multiply(out + TZ, leftTZ, rightTZ);
}

/** out = 2p. */
export function double(out: usize, p: usize): void {
  square(t0, p);
  sumAndSecond(t1, p, p + TZ);
  square(t1, t1);
  factorsOfDouble(leftXY, rightXY, leftTZ, rightTZ, t0, t1);
  complete(out);
}

/** out = p + q, q cached. */
export function addCached(out: usize, p: usize, q: usize): void {
  cross(t0, p);
  multiply(t0, t0, q);
  multiply(t1, p + TZ, q + TZ);
  factorsOfSum(leftXY, rightXY, leftTZ, rightTZ, t0, t1);
  complete(out);
}

const minus = memory.data(160, 16);

/** out = p - q, q cached. */
export function subtractCached(out: usize, p: usize, q: usize): void {
  negateCached(minus, q);
  addCached(out, p, minus);
}

export function negateCached(out: usize, q: usize): void {
  swap(out, q);
  negateFirst(out + TZ, q + TZ);
}

export function cache(out: usize, p: usize): void {
  multiply(t0, p + TZ, D2_AND_2);
  cross(out, p);
  copyPair(out + TZ, t0);
}

const cached = memory.data(160, 16);

export function addPoints(out: usize, p: usize, q: usize): void {
  cache(cached, q);
  addCached(out, p, cached);
}

export function subtractPoints(out: usize, p: usize, q: usize): void {
  cache(cached, q);
  subtractCached(out, p, cached);
}

export function negatePoint(out: usize, p: usize): void {
  negateFirst(out, p);
  negateFirst(out + TZ, p + TZ);
}

/** out = 8p. */
export function multiplyByCofactor(out: usize, p: usize): void {
  double(out, p);
  double(out, out);
  double(out, out);
}

export function isIdentity(p: usize): bool {
  return isZero(p + X) && equals(p + Y, p + Z);
}

export function equalPoints(p: usize, q: usize): bool {
  secondTwice(t0, q + TZ);
  multiply(t0, p, t0);
  secondTwice(t1, p + TZ);
  multiply(t1, q, t1);
  return equals(t0, t1) && equals(t0 + SECOND, t1 + SECOND);
}

const zs = memory.data(80, 16);
const inverse = memory.data(80, 16);

/** Encodes p into 32 bytes, given 1/Z. */
function encodeWith(out: usize, p: usize, z: usize): void {
  copyElement(t1, z);
  copyElement(t1 + SECOND, z);
  multiply(t1, p, t1);
  toBytes(out, t1 + SECOND);
  store<u8>(out, load<u8>(out, 31) | (isOdd(t1) << 7), 31);
}

/** zs = Z of the points 2i and 2i + 1; the last one may be missing. */
function takeZ(points: usize, i: i32, count: i32): void {
  const p = points + 2 * i * POINT;
  copyElement(zs, p + Z);
  copyElement(zs + SECOND, (2 * i + 1 < count ? p + POINT : p) + Z);
}

/** Encodes `count` points with one inversion (Montgomery's trick); `scratch` has room for ⌈count / 2⌉ pairs. */
export function encodeAll(out: usize, points: usize, count: i32, scratch: usize): void {
  copyPair(inverse, ONE);
  const pairs = (count + 1) >> 1;
  for (let i = 0; i < pairs; i++) {
    copyPair(scratch + i * PAIR, inverse);
    takeZ(points, i, count);
    multiply(inverse, inverse, zs);
  }
  invert(inverse, inverse);
  for (let i = pairs - 1; i >= 0; i--) {
    multiply(t0, inverse, scratch + i * PAIR);
    takeZ(points, i, count);
    multiply(inverse, inverse, zs);
    for (let j = 0; j < 2 && 2 * i + j < count; j++) {
      encodeWith(out + (2 * i + j) * 32, points + (2 * i + j) * POINT, t0 + j * SECOND);
    }
  }
}

const x = memory.data(80, 16);
const y = memory.data(80, 16);
const u = memory.data(80, 16);
const v = memory.data(80, 16);
const otherX = memory.data(80, 16);

/** Strictly decodes two points. Returns bit 0 set if the first is a point, bit 1 set if the second is. */
export function decode(first: usize, second: usize, bytes: usize, otherBytes: usize): i32 {
  let good = <i32>fromCanonical(y, bytes) | (<i32>fromCanonical(y + SECOND, otherBytes) << 1);
  // x^2 = u/v, u = y^2 - 1, v = d y^2 + 1; x = u v^3 (u v^7)^((p - 5)/8), perhaps times the root of -1.
  square(u, y);
  multiply(v, u, D);
  subtract(u, u, ONE);
  add(v, v, ONE);
  square(t0, v);
  multiply(t0, t0, v);
  square(x, t0);
  multiply(x, x, v);
  multiply(x, x, u);
  powerForRoot(x, x);
  multiply(x, x, t0);
  multiply(x, x, u);
  square(t0, x);
  multiply(t0, t0, v);
  multiply(otherX, x, ROOT_OF_MINUS_ONE);
  add(t1, t0, u);
  good &= <i32>chooseRoot(0, bytes) | (<i32>chooseRoot(SECOND, otherBytes) << 1);
  multiply(t0, x, y);
  placePoint(first, x, y, t0, ONE);
  placePoint(second, x + SECOND, y + SECOND, t0 + SECOND, ONE);
  return good;
}

/** Sets x to the root of u/v with the encoded sign, for one of the two; false when there is no root, and for -0. */
function chooseRoot(which: usize, bytes: usize): bool {
  if (!equals(t0 + which, u + which)) {
    if (!isZero(t1 + which)) return false;
    copyElement(x + which, otherX + which);
  }
  if (<i32>(load<u8>(bytes, 31) >> 7) == isOdd(x + which)) return true;
  negateElement(x + which);
  return !isZero(x + which);
}

/** Assembles a point from four elements at any addresses. */
export function placePoint(out: usize, x: usize, y: usize, t: usize, z: usize): void {
  copyElement(out + X, x);
  copyElement(out + Y, y);
  copyElement(out + T, t);
  copyElement(out + Z, z);
}
