import { mulAddUnsafe, pippenger } from '@noble/curves/abstract/curve.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  type Curve,
  type FixedPoints,
  fromLittleEndian,
  GROUP_ORDER,
  POINT_BYTES,
  type Point,
  SCALAR_BYTES,
  scalarOf,
} from '#crypto';
import { pointFromHash } from './hash-to-point.ts';
import { nobleScalars } from './scalars.ts';

type NoblePoint = InstanceType<typeof ed25519.Point>;

const inner = (point: Point): NoblePoint => point as unknown as NoblePoint;
const outer = (point: NoblePoint): Point => point as unknown as Point;
const { BASE, ZERO } = ed25519.Point;
const fixedBase = [outer(BASE)] as unknown as FixedPoints;
const INVERSE_OF_COFACTOR = fromLittleEndian(nobleScalars.invert(scalarOf(8)));
/** Largest number of points for which Straus is faster than Pippenger. */
const STRAUS_POINTS = 4;

function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = keccak_256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function multiply(scalar: bigint, point: NoblePoint): NoblePoint {
  return scalar === 0n ? ZERO : point.multiply(scalar);
}

function split(scalars: Uint8Array, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => fromLittleEndian(scalars.subarray(32 * i, 32 * i + 32)));
}

function multiScalar(scalars: readonly bigint[], points: readonly NoblePoint[]): NoblePoint {
  const used = points.map((_, i) => i).filter((i) => scalars[i] !== 0n);
  if (used.length === 0) return ZERO;
  const [of, by] = [used.map((i) => points[i]!), used.map((i) => scalars[i]!)];
  return used.length <= STRAUS_POINTS
    ? mulAddUnsafe(ed25519.Point, of, by)
    : pippenger(ed25519.Point, of, by);
}

function decode(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== POINT_BYTES) return undefined;
  try {
    return outer(ed25519.Point.fromBytes(bytes));
  } catch {
    return undefined;
  }
}

const hashToPoint = (bytes: Uint8Array): Point => outer(pointFromHash(keccak256(bytes)));

/** The reference implementation on @noble/curves 2, which is audited but slow, because it uses BigInt. */
export const nobleCurve: Curve = {
  implementation: 'noble',
  scalars: nobleScalars,
  base: outer(BASE),
  identity: outer(ZERO),

  decode,
  decodeAll: (encodings) => encodings.map(decode),
  encode: (point) => inner(point).toBytes(),
  encodeAll: (points) => points.map((point) => inner(point).toBytes()),
  equal: (a, b) => inner(a).equals(inner(b)),
  isIdentity: (point) => inner(point).is0(),
  isTorsionFree: (point) => inner(point).isTorsionFree(),

  add: (a, b) => outer(inner(a).add(inner(b))),
  subtract: (a, b) => outer(inner(a).subtract(inner(b))),
  multiplyByCofactor: (point) => outer(inner(point).clearCofactor()),
  divideByCofactor: (point) => outer(inner(point).multiplyUnsafe(INVERSE_OF_COFACTOR)),
  fixPoints: (points) => points as unknown as FixedPoints,
  multiScalar(scalars, points, fixedScalars = new Uint8Array(), fixed = fixedBase) {
    const used = fixedScalars.length / SCALAR_BYTES;
    const kept = (fixed as unknown as readonly Point[]).slice(0, used);
    if (kept.length < used) throw new RangeError(`${used} scalars for ${kept.length} fixed points`);
    const factors = [...split(scalars, points.length), ...split(fixedScalars, used)];
    return outer(multiScalar(factors, [...points, ...kept].map(inner)));
  },

  multiplySecret: (scalar, point) => outer(multiply(fromLittleEndian(scalar), inner(point))),
  multiplyBaseSecret: (scalar) => outer(multiply(fromLittleEndian(scalar), BASE)),
  multiScalarSecret(scalars, points) {
    const factors = split(scalars, points.length);
    return outer(points.reduce((sum, point, i) => sum.add(multiply(factors[i]!, inner(point))), ZERO));
  },

  keccak256,
  hashToScalar: (...parts) => scalarOf(fromLittleEndian(keccak256(...parts)) % GROUP_ORDER),
  hashToPoint,
  hashToPoints: (all) => all.map(hashToPoint),
};
