import { GROUP_ORDER, littleEndian, SCALAR_BYTES, type ScalarField } from '../curve.ts';
import type { KernelMemory } from './memory.ts';

const EXPONENT = littleEndian(GROUP_ORDER - 2n, SCALAR_BYTES);
const ORDER = littleEndian(GROUP_ORDER, SCALAR_BYTES);
const WIDE_BYTES = 64;

/** Scalar arithmetic in the kernel, in constant time. */
export function kernelScalars(memory: KernelMemory): ScalarField {
  const { kernel } = memory;

  /** Runs `work(out, a, b)` on two vectors of `count` scalars and wipes the arguments, which may be secret. */
  function binary(a: Uint8Array, b: Uint8Array, length: number, work: Work): Uint8Array {
    memory.begin();
    const [first, second, out] = [memory.put(a), memory.put(b), memory.take(length)];
    work(out, first, second);
    const result = memory.read(out, length);
    memory.wipe();
    return result;
  }

  const elementwise = (a: Uint8Array, b: Uint8Array, work: Elementwise) => {
    checkLength(a);
    if (a.length !== b.length) throw new RangeError('scalars: the vectors have different lengths');
    return binary(a, b, a.length, (out, x, y) => work(out, x, y, a.length / SCALAR_BYTES));
  };
  const multiplyVectors = (a: Uint8Array, b: Uint8Array) =>
    elementwise(a, b, (out, x, y, count) => kernel.multiplyScalars(out, x, y, SCALAR_BYTES, count));
  const addVectors = (a: Uint8Array, b: Uint8Array) => elementwise(a, b, kernel.addScalars);
  const invertVector = (vector: Uint8Array) => {
    checkLength(vector);
    for (let i = 0; i < vector.length; i += SCALAR_BYTES) {
      if (isZero(vector.subarray(i, i + SCALAR_BYTES))) throw new RangeError('invert: zero has no inverse');
    }
    return binary(vector, EXPONENT, vector.length, (out, a, exponent) =>
      kernel.invertScalars(out, a, vector.length / SCALAR_BYTES, exponent),
    );
  };

  return {
    isCanonical: (bytes) => bytes.length === SCALAR_BYTES && isBelowOrder(bytes),
    reduce(bytes) {
      if (bytes.length > WIDE_BYTES) throw new RangeError(`reduce: ${bytes.length} bytes are more than 64`);
      const wide = new Uint8Array(WIDE_BYTES);
      wide.set(bytes);
      return binary(wide, new Uint8Array(), SCALAR_BYTES, (out, a) => kernel.scalarReduce(out, a));
    },
    add: addVectors,
    subtract: (a, b) => elementwise(a, b, kernel.subtractScalars),
    multiply: multiplyVectors,
    invert: invertVector,
    invertVector,
    powers: (base, count) =>
      binary(base, new Uint8Array(), count * SCALAR_BYTES, (out, a) => kernel.powersOf(out, a, count)),
    addVectors,
    multiplyVectors,
    scaleVector: (vector, factor) =>
      binary(vector, factor, vector.length, (out, a, b) =>
        kernel.multiplyScalars(out, a, b, 0, vector.length / SCALAR_BYTES),
      ),
    innerProduct(a, b) {
      if (a.length !== b.length) throw new RangeError('scalars: the vectors have different lengths');
      return binary(a, b, SCALAR_BYTES, (out, x, y) =>
        kernel.innerProduct(out, x, y, a.length / SCALAR_BYTES),
      );
    },
  };
}

type Work = (out: number, a: number, b: number) => void;
type Elementwise = (out: number, a: number, b: number, count: number) => void;

function checkLength(vector: Uint8Array): void {
  if (vector.length % SCALAR_BYTES !== 0) {
    throw new RangeError(`scalars: ${vector.length} bytes are not a multiple of 32`);
  }
}

const isZero = (scalar: Uint8Array): boolean => scalar.every((byte) => byte === 0);

function isBelowOrder(bytes: Uint8Array): boolean {
  for (let i = SCALAR_BYTES - 1; i >= 0; i--) {
    if (bytes[i] !== ORDER[i]) return bytes[i]! < ORDER[i]!;
  }
  return false;
}
