// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Multi-scalar multiplication in variable time, for public data: Straus with sliding windows, Pippenger with buckets.
import {
  addCached, addPoints, cache, copyPoint, double, negatePoint, POINT, setIdentity, subtractCached,
} from './point.as';
import { reserve } from './memory.as';

const POSITIONS: i32 = 256;
/** Window sizes: a point has odd multiples up to 15, a fixed point up to 127. */
const WINDOW: i32 = 5;
const ENTRIES: i32 = 8;
const TABLE: i32 = ENTRIES * POINT;
const FIXED_WINDOW: i32 = 8;
const FIXED_ENTRIES: i32 = 64;
const FIXED_TABLE: i32 = FIXED_ENTRIES * POINT;

const twice = memory.data(160, 16);
const multiple = memory.data(160, 16);

/** Fills a table with the first `entries` of p, 3p, 5p, …, cached. */
function oddMultiples(out: usize, p: usize, entries: i32): void {
  double(multiple, p);
  cache(twice, multiple);
  copyPoint(multiple, p);
  cache(out, p);
  for (let i = 1; i < entries; i++) {
    addCached(multiple, multiple, twice);
    cache(out + i * POINT, multiple);
  }
}

export function fixedTableSize(): i32 {
  return FIXED_TABLE;
}

/** Fills the tables of `count` points. */
export function fixPoints(tables: usize, points: usize, count: i32): void {
  for (let i = 0; i < count; i++) oddMultiples(tables + i * FIXED_TABLE, points + i * POINT, FIXED_ENTRIES);
}

/** `count` <= 16 bits of the scalar, starting at bit `at`. */
function bitsOf(scalar: usize, at: i32, count: i32): i32 {
  if (at >= 256) return 0;
  const byte = at >> 3;
  let value: u32 = load<u8>(scalar + byte);
  if (byte < 31) value |= <u32>load<u8>(scalar + byte + 1) << 8;
  if (byte < 30) value |= <u32>load<u8>(scalar + byte + 2) << 16;
  return <i32>((value >> (at & 7)) & ((1 << count) - 1));
}

/** Number of entries at each position. */
const lengths = memory.data(4 * 256, 16);

/**
 * The non-adjacent form of a scalar has at each position 0 or an odd digit with absolute value below 2^(window - 1). Appends the
 * table entry of each digit to the list of its position; the lowest bit of the address is set for a negative digit.
 */
function listDigits(lists: usize, room: i32, scalar: usize, window: i32, table: usize): void {
  let carry = 0;
  let at = 0;
  while (at < POSITIONS) {
    if (bitsOf(scalar, at, 1) == carry) {
      at++;
      continue;
    }
    let digit = bitsOf(scalar, at, window) + carry;
    carry = digit >> (window - 1);
    digit -= carry << window;
    const length = load<i32>(lengths + 4 * at);
    store<i32>(lengths + 4 * at, length + 1);
    const entry = table + (abs(digit) >> 1) * POINT;
    store<usize>(lists + 4 * (at * room + length), entry | <usize>(digit < 0));
    at += window;
  }
}

let touched: i32 = 0;

/** Adds the entries of a list. First touches each of them, so that the cache misses overlap. */
function addEntries(out: usize, list: usize, length: i32): void {
  const end = list + 4 * length;
  for (let at = list; at < end; at += 4) {
    const entry = load<usize>(at) & ~1;
    touched ^= load<i32>(entry) ^ load<i32>(entry, 64) ^ load<i32>(entry, 128);
  }
  for (let at = list; at < end; at += 4) {
    const entry = load<usize>(at);
    if (entry & 1) subtractCached(out, out, entry ^ 1);
    else addCached(out, out, entry);
  }
}

/** out = sum of scalars·points + sum of fixedScalars·(points of fixedTables), by Straus. */
function straus(
  out: usize, scalars: usize, points: usize, count: i32,
  fixedScalars: usize, fixedTables: usize, fixedCount: i32, scratch: usize,
): void {
  const lists = scratch + count * TABLE;
  const room = count + fixedCount;
  reserve(lists + 4 * POSITIONS * room);
  memory.fill(lengths, 0, 4 * POSITIONS);
  for (let i = 0; i < count; i++) {
    oddMultiples(scratch + i * TABLE, points + i * POINT, ENTRIES);
    listDigits(lists, room, scalars + i * 32, WINDOW, scratch + i * TABLE);
  }
  for (let i = 0; i < fixedCount; i++) {
    listDigits(lists, room, fixedScalars + i * 32, FIXED_WINDOW, fixedTables + i * FIXED_TABLE);
  }
  let position = POSITIONS - 1;
  while (position > 0 && load<i32>(lengths + 4 * position) == 0) position--;
  setIdentity(out);
  for (; position >= 0; position--) {
    double(out, out);
    addEntries(out, lists + 4 * position * room, load<i32>(lengths + 4 * position));
  }
}

const running = memory.data(160, 16);
const total = memory.data(160, 16);

/** Number of additions that Pippenger needs with windows of `width` bits. */
function additions(count: i32, width: i32): i32 {
  return (255 / width + 1) * (count + (1 << width) + (1 << (width - 2)));
}

function bestWidth(count: i32): i32 {
  let best = 4;
  for (let width = 5; width <= 12; width++) if (additions(count, width) < additions(count, best)) best = width;
  return best;
}

/** Signed digits of `width` bits, absolute value at most 2^(width - 1), window by window over all scalars. */
function windowDigits(out: usize, scalars: usize, count: i32, width: i32, windows: i32): void {
  for (let i = 0; i < count; i++) {
    let carry = 0;
    for (let w = 0; w < windows; w++) {
      let digit = bitsOf(scalars + i * 32, w * width, width) + carry;
      carry = digit > 1 << (width - 1) ? 1 : 0;
      digit -= carry << width;
      store<i16>(out + 2 * (w * count + i), <i16>digit);
    }
  }
}

/** total = 1·bucket[0] + 2·bucket[1] + …; false when all buckets are empty. */
function sumBuckets(buckets: usize, filled: usize, count: i32): bool {
  let any = false;
  for (let b = count - 1; b >= 0; b--) {
    if (load<u8>(filled + b) != 0) {
      if (any) addPoints(running, running, buckets + b * POINT);
      else {
        copyPoint(running, buckets + b * POINT);
        copyPoint(total, running);
        any = true;
        continue;
      }
    }
    if (any) addPoints(total, total, running);
  }
  return any;
}

function pippenger(out: usize, scalars: usize, points: usize, count: i32, scratch: usize): void {
  const width = bestWidth(count);
  const windows = 255 / width + 1;
  const half = 1 << (width - 1);
  const cachedPoints = scratch;
  const buckets = cachedPoints + count * POINT;
  const filled = buckets + half * POINT;
  const digits = (filled + half + 15) & ~15;
  reserve(digits + 2 * windows * count);
  for (let i = 0; i < count; i++) cache(cachedPoints + i * POINT, points + i * POINT);
  windowDigits(digits, scalars, count, width, windows);
  setIdentity(out);
  for (let w = windows - 1; w >= 0; w--) {
    if (w < windows - 1) {
      for (let i = 0; i < width; i++) double(out, out);
    }
    memory.fill(filled, 0, half);
    for (let i = 0; i < count; i++) {
      const digit = <i32>load<i16>(digits + 2 * (w * count + i));
      if (digit != 0) drop(buckets, filled, digit, points + i * POINT, cachedPoints + i * POINT);
    }
    if (sumBuckets(buckets, filled, half)) addPoints(out, out, total);
  }
}

/** Adds ±point to its bucket. */
function drop(buckets: usize, filled: usize, digit: i32, point: usize, cachedPoint: usize): void {
  const at = abs(digit) - 1;
  const bucket = buckets + at * POINT;
  if (load<u8>(filled + at) == 0) {
    store<u8>(filled + at, 1);
    if (digit > 0) copyPoint(bucket, point);
    else negatePoint(bucket, point);
  } else if (digit > 0) addCached(bucket, bucket, cachedPoint);
  else subtractCached(bucket, bucket, cachedPoint);
}

/** Largest number of points for which Straus is faster than Pippenger. */
const STRAUS_POINTS: i32 = 384;
const fixedSum = memory.data(160, 16);

export function multiScalar(
  out: usize, scalars: usize, points: usize, count: i32,
  fixedScalars: usize, fixedTables: usize, fixedCount: i32, scratch: usize,
): void {
  if (count <= STRAUS_POINTS) {
    straus(out, scalars, points, count, fixedScalars, fixedTables, fixedCount, scratch);
    return;
  }
  straus(fixedSum, scalars, points, 0, fixedScalars, fixedTables, fixedCount, scratch);
  pippenger(out, scalars, points, count, scratch);
  addPoints(out, out, fixedSum);
}
