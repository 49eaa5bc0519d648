// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Pairs of field elements mod p = 2^255 - 19 (see field-limbs.ts for limbs and their bounds). Functions on a single element take
// its address: that of the pair, or that of the pair + SECOND.
import { ONE } from './constants.as';
import { fromBytes, multiply, square, toBytes } from './field-limbs.as';
import { copyPair } from './pair-vectors.as';

export const PAIR: i32 = 80;
export const SECOND: usize = 4;
const ALL: i64 = -1;
const BITS_255: i64 = 0x7fffffffffffffff;

const bytes = memory.data(32, 16);

export function copyElement(out: usize, a: usize): void {
  for (let i = 0; i < PAIR; i += 8) store<i32>(out + i, load<i32>(a + i));
}

export function negateElement(a: usize): void {
  for (let i = 0; i < PAIR; i += 8) store<i32>(a + i, -load<i32>(a + i));
}

/** Reduces up to 31 units to one unit. */
export function tighten(out: usize, a: usize): void {
  multiply(out, a, ONE);
}

/** Reads any 256-bit number. */
export function fromNumber(out: usize, from: usize): void {
  fromBytes(out, from, ALL);
}

/** Reads 255 bits; returns whether they are below p. */
export function fromCanonical(out: usize, from: usize): bool {
  fromBytes(out, from, BITS_255);
  const top = load<i64>(from, 24) & BITS_255;
  const all = load<i64>(from, 8) & load<i64>(from, 16) & (top | ~BITS_255);
  return !(all == ALL && load<u64>(from) >= 0xffffffffffffffed);
}

export function isZero(a: usize): bool {
  toBytes(bytes, a);
  return (load<i64>(bytes) | load<i64>(bytes, 8) | load<i64>(bytes, 16) | load<i64>(bytes, 24)) == 0;
}

/** The sign: the lowest bit of the canonical form. */
export function isOdd(a: usize): i32 {
  toBytes(bytes, a);
  return load<u8>(bytes) & 1;
}

const other = memory.data(32, 16);

/** Whether two elements are equal. */
export function equals(a: usize, b: usize): bool {
  toBytes(other, b);
  toBytes(bytes, a);
  let difference: i64 = 0;
  for (let i = 0; i < 32; i += 8) difference |= load<i64>(bytes + i) ^ load<i64>(other + i);
  return difference == 0;
}

const t0 = memory.data(80, 16);
const t1 = memory.data(80, 16);
const t2 = memory.data(80, 16);
const t3 = memory.data(80, 16);
const base = memory.data(80, 16);

/** out = a^(2^count). */
function squareTimes(out: usize, a: usize, count: i32): void {
  square(out, a);
  for (let i = 1; i < count; i++) square(out, out);
}

/** t1 = a^(2^250 - 1), t0 = a^11: common prefix of both powers below. */
function commonPower(a: usize): void {
  square(t0, a);
  squareTimes(t1, t0, 2);
  multiply(t1, a, t1);
  multiply(t0, t0, t1);
  square(t2, t0);
  multiply(t1, t1, t2);
  squareTimes(t2, t1, 5);
  multiply(t1, t2, t1);
  squareTimes(t2, t1, 10);
  multiply(t2, t2, t1);
  squareTimes(t3, t2, 20);
  multiply(t2, t3, t2);
  squareTimes(t2, t2, 10);
  multiply(t1, t2, t1);
  squareTimes(t2, t1, 50);
  multiply(t2, t2, t1);
  squareTimes(t3, t2, 100);
  multiply(t2, t3, t2);
  squareTimes(t2, t2, 50);
  multiply(t1, t2, t1);
}

/** out = 1/a = a^(p - 2); 0 when a is 0. Constant time. */
export function invert(out: usize, a: usize): void {
  commonPower(a);
  squareTimes(t1, t1, 5);
  multiply(out, t1, t0);
}

/** out = a^((p - 5)/8) = a^(2^252 - 3), used for square roots. */
export function powerForRoot(out: usize, a: usize): void {
  copyPair(base, a);
  commonPower(base);
  squareTimes(t1, t1, 2);
  multiply(out, t1, base);
}
