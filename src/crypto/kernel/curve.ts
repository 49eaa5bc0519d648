import {
  type Curve,
  type FixedPoints,
  GROUP_ORDER,
  littleEndian,
  POINT_BYTES,
  type Point,
  SCALAR_BYTES,
  scalarOf,
} from '../curve.ts';
import { KernelMemory } from './memory.ts';
import { kernelScalars } from './scalars.ts';

/** A point in the kernel's form: two pairs of field elements, 160 bytes. */
const SIZE = 160;
const PAIR = 80;
const HASH_BYTES = 32;
const inner = (point: Point): Uint8Array => point as unknown as Uint8Array;
const outer = (bytes: Uint8Array): Point => bytes as unknown as Point;

/** Address of the kernel's tables of fixed points. */
interface KeptTables {
  readonly tables: number;
  readonly count: number;
}

const ORDER = littleEndian(GROUP_ORDER, SCALAR_BYTES);
const TOP_BYTE = ORDER[SCALAR_BYTES - 1]!;

/**
 * The curve on an instance of the WebAssembly kernel. Independent of Node: a compiled module can be posted to a worker or fetched
 * by a web page. Not thread-safe: create one per thread.
 */
export function kernelCurve(module: WebAssembly.Module): Curve {
  const memory = new KernelMemory(module);
  const { kernel } = memory;
  const scalars = kernelScalars(memory);

  /** Calls `work` with the address of a new point and returns the point. */
  function make(work: (out: number) => void): Point {
    const out = memory.take(SIZE);
    work(out);
    return outer(memory.read(out, SIZE));
  }

  function combine(a: Point, b: Point, work: (out: number, a: number, b: number) => void): Point {
    memory.begin();
    const [first, second] = [memory.put(inner(a)), memory.put(inner(b))];
    return make((out) => work(out, first, second));
  }

  /** The kernel decodes two points at a time. */
  function decodeAll(encodings: readonly Uint8Array[]): (Point | undefined)[] {
    return inPairs(encodings, (first, second) => {
      memory.begin();
      const from = [first, second].map((bytes) =>
        memory.put(bytes.length === POINT_BYTES ? bytes : NO_POINT),
      );
      const out = [memory.take(SIZE), memory.take(SIZE)];
      const good = kernel.decode(out[0]!, out[1]!, from[0]!, from[1]!);
      return out.map((at, i) => ((good >> i) & 1 ? outer(memory.read(at, SIZE)) : undefined));
    });
  }

  function fixPoints(points: readonly Point[]): FixedPoints {
    const tables = memory.keep(points.length * kernel.fixedTableSize());
    kernel.fixPoints(tables, memory.putAll(points.map(inner), SIZE), points.length);
    return { tables, count: points.length } satisfies KeptTables as unknown as FixedPoints;
  }

  function multiScalar(
    factors: Uint8Array,
    points: readonly Point[],
    fixedFactors = new Uint8Array(),
    fixed = fixedBase,
  ): Point {
    const { tables, count } = fixed as unknown as KeptTables;
    const used = fixedFactors.length / SCALAR_BYTES;
    if (used > count) throw new RangeError(`${used} scalars for ${count} fixed points`);
    checkScalars(factors, points.length);
    checkScalars(fixedFactors, used);
    memory.begin();
    const [first, kept] = [memory.put(factors), memory.put(fixedFactors)];
    const of = memory.putAll(points.map(inner), SIZE);
    return make((out) => kernel.multiScalar(out, first, of, points.length, kept, tables, used, memory.end));
  }

  function multiScalarSecret(factors: Uint8Array, points: readonly Point[]): Point {
    checkScalars(factors, points.length);
    memory.begin();
    const [first, of] = [memory.put(factors), memory.putAll(points.map(inner), SIZE)];
    const point = make((out) => kernel.multiScalarSecret(out, first, of, points.length, memory.end));
    memory.wipe();
    return point;
  }

  function multiplyBaseSecret(scalar: Uint8Array): Point {
    checkScalars(scalar, 1);
    memory.begin();
    const factor = memory.put(scalar);
    const point = make((out) => kernel.multiplyBaseSecret(out, factor));
    memory.wipe();
    return point;
  }

  function encodeAll(points: readonly Point[]): Uint8Array[] {
    memory.begin();
    const [from, out] = [memory.putAll(points.map(inner), SIZE), memory.take(POINT_BYTES * points.length)];
    const scratch = memory.take(PAIR * ((points.length + 1) >> 1));
    kernel.encodeAll(out, from, points.length, scratch);
    return points.map((_, i) => memory.read(out + POINT_BYTES * i, POINT_BYTES));
  }

  /** Hashes the concatenated parts. Returns the address of the hash. */
  function hash(parts: readonly Uint8Array[]): number {
    memory.begin();
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const from = memory.take(length);
    memory.fill(from, parts);
    const out = memory.take(HASH_BYTES);
    kernel.keccak256(out, from, length);
    return out;
  }

  /** Wipes its input, which may be secret. */
  function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
    const digest = memory.read(hash(parts), HASH_BYTES);
    memory.wipe();
    return digest;
  }

  function hashToPoints(all: readonly Uint8Array[]): Point[] {
    return inPairs(all, (first, second) => {
      const digests = [keccak256(first), keccak256(second)];
      memory.begin();
      const from = digests.map((digest) => memory.put(digest));
      const out = [memory.take(SIZE), memory.take(SIZE)];
      kernel.pointsFromHashes(out[0]!, out[1]!, from[0]!, from[1]!);
      return out.map((at) => outer(memory.read(at, SIZE)));
    });
  }

  const base = multiplyBaseSecret(scalarOf(1));
  const fixedBase = fixPoints([base]);
  const eighth = scalars.invert(scalarOf(8));
  const identity = multiScalar(new Uint8Array(), []);

  return {
    implementation: 'kernel',
    scalars,
    base,
    identity,
    decode: (bytes) => decodeAll([bytes])[0],
    decodeAll,
    encode: (point) => encodeAll([point])[0]!,
    encodeAll,
    equal(a, b) {
      memory.begin();
      return kernel.equalPoints(memory.put(inner(a)), memory.put(inner(b))) !== 0;
    },
    isIdentity(point) {
      memory.begin();
      return kernel.isIdentity(memory.put(inner(point))) !== 0;
    },
    isTorsionFree(point) {
      const multiple = multiScalar(ORDER, [point]);
      memory.begin();
      return kernel.isIdentity(memory.put(inner(multiple))) !== 0;
    },
    add: (a, b) => combine(a, b, kernel.addPoints),
    subtract: (a, b) => combine(a, b, kernel.subtractPoints),
    multiplyByCofactor: (point) => combine(point, point, kernel.multiplyByCofactor),
    divideByCofactor: (point) => multiScalar(eighth, [point]),
    fixPoints,
    multiScalar,
    multiplySecret: (scalar, point) => multiScalarSecret(scalar, [point]),
    multiplyBaseSecret,
    multiScalarSecret,
    keccak256,
    hashToScalar: (...parts) => scalars.reduce(keccak256(...parts)),
    hashToPoint: (bytes) => hashToPoints([bytes])[0]!,
    hashToPoints,
  };
}

/** The encoding of y = p, which is not a point. */
const NO_POINT = littleEndian(2n ** 255n - 19n, POINT_BYTES);

/** Runs `work` on pairs of items; an odd last item is paired with itself. */
function inPairs<T, R>(all: readonly T[], work: (first: T, second: T) => readonly R[]): R[] {
  const results: R[] = [];
  for (let i = 0; i < all.length; i += 2) results.push(...work(all[i]!, all[i + 1] ?? all[i]!));
  return results.slice(0, all.length);
}

/**
 * Checks the top byte of each scalar, which is not secret: windows and digits need scalars below 2^253. Accepts l itself, for
 * `isTorsionFree`. Throws RangeError.
 */
function checkScalars(scalars: Uint8Array, count: number): void {
  if (scalars.length !== SCALAR_BYTES * count) {
    throw new RangeError(`${scalars.length} bytes of scalars for ${count} points`);
  }
  for (let i = 1; i <= count; i++) {
    if (scalars[SCALAR_BYTES * i - 1]! > TOP_BYTE) throw new RangeError('a scalar is not reduced mod l');
  }
}
