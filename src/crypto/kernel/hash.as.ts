// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Keccak-256 with the original padding, and CryptoNote's map of hashes to points.
import {
  MINUS_A, MINUS_A_SQUARED, ONE, ROOT_FIRST, ROOT_FOURTH, ROOT_OF_MINUS_ONE, ROOT_SECOND, ROOT_THIRD,
} from './constants.as';
import { multiply, square } from './field-limbs.as';
import {
  copyElement, equals, fromNumber, isOdd, isZero, negateElement, powerForRoot, SECOND, tighten,
} from './field.as';
import { permute } from './keccak.as';
import { add, copyPair, subtract } from './pair-vectors.as';
import { multiplyByCofactor, placePoint } from './point.as';

const RATE: i32 = 136;
const state = memory.data(200, 16);

/** out = Keccak-256 of `length` bytes. */
export function keccak256(out: usize, from: usize, length: i32): void {
  memory.fill(state, 0, 200);
  let left = length;
  while (left >= RATE) {
    for (let i = 0; i < RATE; i += 8) store<u64>(state + i, load<u64>(state + i) ^ load<u64>(from + i));
    permute(state);
    from += RATE;
    left -= RATE;
  }
  for (let i = 0; i < left; i++) store<u8>(state + i, load<u8>(state + i) ^ load<u8>(from + i));
  store<u8>(state + left, load<u8>(state + left) ^ 1);
  store<u8>(state, load<u8>(state, RATE - 1) ^ 0x80, RATE - 1);
  permute(state);
  memory.copy(out, state, 32);
}

const u = memory.data(80, 16);
const v = memory.data(80, 16);
const w = memory.data(80, 16);
const x = memory.data(80, 16);
const r = memory.data(80, 16);
const z = memory.data(80, 16);
const s = memory.data(80, 16);
const rrx = memory.data(80, 16);
const ru = memory.data(80, 16);
const zv = memory.data(80, 16);
const root = memory.data(80, 16);

/**
 * Computes 8·map(hash) for two hashes, after Monero's ge_fromfe_frombytes_vartime: with v = 2u^2, w = v + 1, x = w^2 - A^2 v, one
 * of four roots gives r = sqrt(±w/x · ...); the sign of r selects the half of the map.
 */
export function pointsFromHashes(first: usize, second: usize, hash: usize, otherHash: usize): void {
  fromNumber(u, hash);
  fromNumber(u + SECOND, otherHash);
  square(v, u);
  add(v, v, v);
  add(w, v, ONE);
  square(x, w);
  multiply(s, MINUS_A_SQUARED, v);
  add(x, x, s);
  square(s, x);
  multiply(s, s, x);
  multiply(r, s, w);
  multiply(s, s, r);
  multiply(s, s, x);
  powerForRoot(s, s);
  multiply(r, r, s);
  square(rrx, r);
  multiply(rrx, rrx, x);
  multiply(ru, r, u);
  multiply(zv, MINUS_A, v);
  copyPair(z, MINUS_A);
  multiply(s, rrx, ROOT_OF_MINUS_ONE);
  add(x, w, rrx);
  const sign = chooseHalf(0);
  const otherSign = chooseHalf(SECOND);
  multiply(r, r, root);
  if (isOdd(r) != sign) negateElement(r);
  if (isOdd(r + SECOND) != otherSign) negateElement(r + SECOND);
  // x = r, so X = rZ and T = XY/Z = rY.
  add(u, z, w);
  subtract(v, z, w);
  multiply(x, r, u);
  multiply(s, r, v);
  tighten(u, u);
  tighten(v, v);
  placePoint(first, x, v, s, u);
  placePoint(second, x + SECOND, v + SECOND, s + SECOND, u + SECOND);
  multiplyByCofactor(first, first);
  multiplyByCofactor(second, second);
}

/** Selects the root, r and z for one of the two. Returns the required sign of r. s = rrx·i, x = w + rrx. */
function chooseHalf(which: usize): i32 {
  const isRoot = equals(w + which, rrx + which);
  if (isRoot || isZero(x + which)) {
    copyElement(root + which, isRoot ? ROOT_FIRST : ROOT_SECOND);
    copyElement(r + which, ru + which);
    copyElement(z + which, zv + which);
    return 0;
  }
  copyElement(root + which, equals(w + which, s + which) ? ROOT_THIRD : ROOT_FOURTH);
  return 1;
}
