// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Multiplication by secret scalars in constant time: fixed windows of four bits, signed digits, every table entry read; no branch
// and no address depends on a digit.
import { BASE_POINT } from './constants.as';
import { PAIR } from './field.as';
import { reserve } from './memory.as';
import { addCached, cache, copyPoint, double, POINT, setCachedIdentity, setIdentity } from './point.as';

const DIGITS: i32 = 64;
const ENTRIES: i32 = 8;
const TABLE: i32 = 8 * 160;

const multiple = memory.data(160, 16);
const chosen = memory.data(160, 16);
const first = memory.data(160, 16);

/** Cached p, 2p, … 8p. */
function multiples(out: usize, p: usize): void {
  copyPoint(multiple, p);
  cache(out, p);
  copyPoint(first, out);
  for (let i = 1; i < ENTRIES; i++) {
    addCached(multiple, multiple, first);
    cache(out + i * POINT, multiple);
  }
}

/** Recodes a scalar below 2^255 into 64 digits from -8 to 8. */
function signedDigits(out: usize, scalar: usize): void {
  let carry: i32 = 0;
  for (let i = 0; i < DIGITS; i++) {
    const nibble = (<i32>load<u8>(scalar + (i >> 1)) >> (4 * (i & 1))) & 15;
    const digit = nibble + carry;
    carry = (digit + 7) >> 4;
    store<i8>(out + i, <i8>(digit - (carry << 4)));
  }
}

/** chosen = digit·p, cached. */
function choose(table: usize, digit: i32): void {
  const sign = digit >> 31;
  const size = (digit ^ sign) - sign;
  setCachedIdentity(chosen);
  for (let j = 0; j < ENTRIES; j++) {
    const mask = i32x4.splat((((size ^ (j + 1)) - 1) >> 31));
    for (let at = 0; at < POINT; at += 16) {
      const entry = v128.load(table + j * POINT + at);
      v128.store(chosen + at, v128.bitselect(entry, v128.load(chosen + at), mask));
    }
  }
  // For a negative digit: swap the elements of the first pair, and negate the first element of the second.
  const negative = i32x4.splat(sign);
  const firstNegative = v128.and(negative, i64x2.splat(0xffffffff));
  for (let at = 0; at < PAIR; at += 16) {
    const v = v128.load(chosen + at);
    v128.store(chosen + at, v128.bitselect(v128.shuffle<i32>(v, v, 1, 0, 3, 2), v, negative));
    const t = v128.load(chosen + PAIR + at);
    v128.store(chosen + PAIR + at, i32x4.sub(v128.xor(t, firstNegative), firstNegative));
  }
}

/** out = sum of scalars·points. */
export function multiScalarSecret(out: usize, scalars: usize, points: usize, count: i32, scratch: usize): void {
  const digits = scratch + count * TABLE;
  reserve(digits + count * DIGITS);
  for (let i = 0; i < count; i++) {
    multiples(scratch + i * TABLE, points + i * POINT);
    signedDigits(digits + i * DIGITS, scalars + i * 32);
  }
  setIdentity(out);
  for (let w = DIGITS - 1; w >= 0; w--) {
    if (w < DIGITS - 1) {
      for (let i = 0; i < 4; i++) double(out, out);
    }
    for (let i = 0; i < count; i++) {
      choose(scratch + i * TABLE, <i32>load<i8>(digits + i * DIGITS + w));
      addCached(out, out, chosen);
    }
  }
  memory.fill(digits, 0, count * DIGITS);
}

// Tables of the base point: 1 to 8 times 256^i·G, so that 64 additions and four doublings suffice.
const COMBS: i32 = 32;
const baseTables = memory.data(32 * 8 * 160, 16);
const digitsOfBase = memory.data(64, 16);
const comb = memory.data(160, 16);

export function prepareCombs(): void {
  copyPoint(comb, BASE_POINT);
  for (let i = 0; i < COMBS; i++) {
    multiples(baseTables + i * TABLE, comb);
    for (let j = 0; j < 8; j++) double(comb, comb);
  }
}

/** out = scalar·G. */
export function multiplyBaseSecret(out: usize, scalar: usize): void {
  signedDigits(digitsOfBase, scalar);
  setIdentity(out);
  for (let i = 0; i < COMBS; i++) {
    choose(baseTables + i * TABLE, <i32>load<i8>(digitsOfBase + 2 * i + 1));
    addCached(out, out, chosen);
  }
  for (let i = 0; i < 4; i++) double(out, out);
  for (let i = 0; i < COMBS; i++) {
    choose(baseTables + i * TABLE, <i32>load<i8>(digitsOfBase + 2 * i));
    addCached(out, out, chosen);
  }
  memory.fill(digitsOfBase, 0, DIGITS);
}
