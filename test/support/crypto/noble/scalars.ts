import {
  fromLittleEndian,
  GROUP_ORDER,
  SCALAR_BYTES,
  type Scalar,
  type ScalarField,
  scalarOf,
} from '#crypto';

const numbers = (vector: Uint8Array): bigint[] =>
  Array.from({ length: vector.length / SCALAR_BYTES }, (_, i) =>
    fromLittleEndian(vector.subarray(SCALAR_BYTES * i, SCALAR_BYTES * (i + 1))),
  );

function vectorOf(values: readonly bigint[]): Uint8Array {
  const vector = new Uint8Array(SCALAR_BYTES * values.length);
  for (const [i, value] of values.entries()) vector.set(scalarOf(value), SCALAR_BYTES * i);
  return vector;
}

/** Fermat: a^(l−2). */
function inverse(value: bigint): bigint {
  if (value % GROUP_ORDER === 0n) throw new RangeError('invert: zero has no inverse');
  let [base, exponent, result] = [value, GROUP_ORDER - 2n, 1n];
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % GROUP_ORDER) {
    if (exponent & 1n) result = (result * base) % GROUP_ORDER;
  }
  return result;
}

const both = (a: Scalar, b: Scalar, of: (x: bigint, y: bigint) => bigint): Scalar =>
  scalarOf(of(fromLittleEndian(a), fromLittleEndian(b)));

/** Scalars as BigInts: simple, but variable time. */
export const nobleScalars: ScalarField = {
  isCanonical: (bytes) => bytes.length === SCALAR_BYTES && fromLittleEndian(bytes) < GROUP_ORDER,
  reduce: (bytes) => scalarOf(fromLittleEndian(bytes)),
  add: (a, b) => both(a, b, (x, y) => x + y),
  subtract: (a, b) => both(a, b, (x, y) => x - y),
  multiply: (a, b) => both(a, b, (x, y) => x * y),
  invert: (a) => scalarOf(inverse(fromLittleEndian(a))),
  invertVector(vector) {
    return vectorOf(numbers(vector).map(inverse));
  },
  powers(base, count) {
    const [step, values] = [fromLittleEndian(base), [] as bigint[]];
    for (let i = 0, power = 1n; i < count; i++, power = (power * step) % GROUP_ORDER) values.push(power);
    return vectorOf(values);
  },
  addVectors(a, b) {
    const addends = numbers(b);
    return vectorOf(numbers(a).map((value, i) => value + addends[i]!));
  },
  multiplyVectors(a, b) {
    const factors = numbers(b);
    return vectorOf(numbers(a).map((value, i) => value * factors[i]!));
  },
  scaleVector(vector, factor) {
    const by = fromLittleEndian(factor);
    return vectorOf(numbers(vector).map((value) => value * by));
  },
  innerProduct(a, b) {
    const factors = numbers(b);
    return scalarOf(numbers(a).reduce((sum, value, i) => sum + value * factors[i]!, 0n));
  },
};
