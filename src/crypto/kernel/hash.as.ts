// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Keccak-256 with the original padding, and CryptoNote's map of hashes to points.
import { MINUS_A, MINUS_A_SQUARED, ONE, ROOT_FIRST, ROOT_FOURTH, ROOT_OF_MINUS_ONE, ROOT_SECOND, ROOT_THIRD } from './constants.as';
import { carry, multiply, square } from './field-limbs.as';
import { add, copy, equals, fromNumber, isOdd, negate, powerForRoot, subtract } from './field.as';
import { permute } from './keccak.as';
import { multiplyByCofactor, T, X, Y, Z } from './point.as';

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

const u = memory.data(48, 16);
const v = memory.data(48, 16);
const w = memory.data(48, 16);
const x = memory.data(48, 16);
const r = memory.data(48, 16);
const z = memory.data(48, 16);
const s = memory.data(48, 16);
const rrx = memory.data(48, 16);
const mapped = memory.data(192, 16);

/**
 * out = 8·map(hash), after Monero's ge_fromfe_frombytes_vartime: with v = 2u^2, w = v + 1, x = w^2 - A^2 v, one of
 * four roots makes r = sqrt(±w/x · ...); the sign of r says which half of the map it was.
 */
export function pointFromHash(out: usize, hash: usize): void {
  fromNumber(u, hash);
  square(v, u);
  add(v, v, v);
  carry(v, v);
  add(w, v, ONE);
  square(x, w);
  multiply(s, MINUS_A_SQUARED, v);
  add(x, x, s);
  carry(x, x);
  square(s, x);
  multiply(s, s, x);
  multiply(r, s, w);
  multiply(s, s, r);
  multiply(s, s, x);
  powerForRoot(s, s);
  multiply(r, r, s);
  square(rrx, r);
  multiply(rrx, rrx, x);
  carry(w, w);
  copy(z, MINUS_A);
  let sign = 0;
  negate(s, rrx);
  const isRoot = equals(w, rrx);
  if (isRoot || equals(w, s)) {
    multiply(r, r, isRoot ? ROOT_FIRST : ROOT_SECOND);
    multiply(r, r, u);
    multiply(z, z, v);
  } else {
    sign = 1;
    multiply(rrx, rrx, ROOT_OF_MINUS_ONE);
    multiply(r, r, equals(w, rrx) ? ROOT_THIRD : ROOT_FOURTH);
  }
  if (isOdd(r) != sign) negate(r, r);
  add(mapped + Z, z, w);
  subtract(mapped + Y, z, w);
  carry(mapped + Z, mapped + Z);
  carry(mapped + Y, mapped + Y);
  // x = r, so X = rZ and T = XY/Z = rY.
  multiply(mapped + T, r, mapped + Y);
  multiply(mapped + X, r, mapped + Z);
  multiplyByCofactor(out, mapped);
}
