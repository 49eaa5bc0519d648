// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Vectors of scalars, 32 bytes each. A step of 0 bytes repeats one scalar. No branch depends on a value.
import { scalarAdd, scalarMultiply, scalarSubtract } from './scalar-limbs.as';

export { scalarReduce } from './scalar-limbs.as';
const SCALAR: i32 = 32;
const factor = memory.data(32, 16);
const power = memory.data(32, 16);

export function addScalars(out: usize, a: usize, b: usize, count: i32): void {
  for (let i = 0; i < count * SCALAR; i += SCALAR) scalarAdd(out + i, a + i, b + i);
}

export function subtractScalars(out: usize, a: usize, b: usize, count: i32): void {
  for (let i = 0; i < count * SCALAR; i += SCALAR) scalarSubtract(out + i, a + i, b + i);
}

export function multiplyScalars(out: usize, a: usize, b: usize, stepOfB: i32, count: i32): void {
  for (let i = 0; i < count; i++) scalarMultiply(out + i * SCALAR, a + i * SCALAR, b + i * stepOfB);
}

export function powersOf(out: usize, base: usize, count: i32): void {
  memory.copy(factor, base, SCALAR);
  memory.fill(power, 0, SCALAR);
  store<u8>(power, 1);
  for (let i = 0; i < count; i++) {
    memory.copy(out + i * SCALAR, power, SCALAR);
    scalarMultiply(power, power, factor);
  }
}

export function innerProduct(out: usize, a: usize, b: usize, count: i32): void {
  memory.fill(power, 0, SCALAR);
  for (let i = 0; i < count * SCALAR; i += SCALAR) {
    scalarMultiply(factor, a + i, b + i);
    scalarAdd(power, power, factor);
  }
  memory.copy(out, power, SCALAR);
}

/** out = a^(l - 2), in windows of four bits; the exponent is public. */
function invertScalar(out: usize, a: usize, exponent: usize): void {
  powersOf(table, a, 16);
  memory.fill(power, 0, SCALAR);
  store<u8>(power, 1);
  for (let i = 63; i >= 0; i--) {
    for (let j = 0; j < 4; j++) scalarMultiply(power, power, power);
    const digit = (<i32>load<u8>(exponent + (i >> 1)) >> (4 * (i & 1))) & 15;
    scalarMultiply(power, power, table + digit * SCALAR);
  }
  memory.copy(out, power, SCALAR);
}

const table = memory.data(16 * 32, 16);
const inverse = memory.data(32, 16);
const keep = memory.data(32, 16);

/** Inverts all elements with one inversion; none may be zero. `exponent`: l - 2. */
export function invertScalars(out: usize, a: usize, count: i32, exponent: usize): void {
  memory.fill(keep, 0, SCALAR);
  store<u8>(keep, 1);
  for (let i = 0; i < count; i++) {
    memory.copy(out + i * SCALAR, keep, SCALAR);
    scalarMultiply(keep, keep, a + i * SCALAR);
  }
  invertScalar(inverse, keep, exponent);
  for (let i = count - 1; i >= 0; i--) {
    scalarMultiply(out + i * SCALAR, out + i * SCALAR, inverse);
    scalarMultiply(inverse, inverse, a + i * SCALAR);
  }
}
