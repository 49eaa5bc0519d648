/**
 * The group of Edwards25519 as Monero uses it: one interface with two implementations, the WebAssembly kernel, and noble as the
 * reference that tests compare it with. Independent of Node.
 */

declare const opaque: unique symbol;

/** A decoded point. Opaque and immutable; usable only with the implementation that created it. */
export interface Point {
  readonly [opaque]: 'point';
}

/** Points with precomputed tables for `multiScalar`, see `fixPoints`; usable only with the curve that created them. */
export interface FixedPoints {
  readonly [opaque]: 'fixed points';
}

/** 32 bytes, little-endian, below the group order l = 2^252 + 27742317777372353535851937790883648493. */
export type Scalar = Uint8Array;

/** Concatenated scalars, 32 bytes each. */
export type ScalarVector = Uint8Array;

/** Arithmetic mod l. Constant time in the kernel, so arguments may be secret; variable time in noble. */
export interface ScalarField {
  /** Whether these are 32 bytes encoding a number below l. */
  isCanonical(bytes: Uint8Array): boolean;
  /** Reduces a little-endian number of at most 64 bytes mod l. Throws RangeError when it is longer. */
  reduce(bytes: Uint8Array): Scalar;
  add(a: Scalar, b: Scalar): Scalar;
  subtract(a: Scalar, b: Scalar): Scalar;
  multiply(a: Scalar, b: Scalar): Scalar;
  /** 1/a. Throws RangeError when a is zero. */
  invert(a: Scalar): Scalar;
  /** 1/a for each element, with one inversion. Throws RangeError when one is zero. */
  invertVector(vector: ScalarVector): ScalarVector;
  /** The first `count` powers: 1, base, base², … */
  powers(base: Scalar, count: number): ScalarVector;
  addVectors(a: ScalarVector, b: ScalarVector): ScalarVector;
  /** Element-wise. */
  multiplyVectors(a: ScalarVector, b: ScalarVector): ScalarVector;
  scaleVector(vector: ScalarVector, factor: Scalar): ScalarVector;
  innerProduct(a: ScalarVector, b: ScalarVector): Scalar;
}

/**
 * Methods named `…Secret` take constant time (kernel: fixed windows, every table entry read, no branch on a digit). All others
 * run in variable time: use them with public data only. Encoded points are 32 bytes.
 */
export interface Curve {
  readonly implementation: 'kernel' | 'noble';
  readonly scalars: ScalarField;
  /** The base point of RFC 8032. */
  readonly base: Point;
  readonly identity: Point;

  /**
   * Strict decoding: 32 bytes, y below p, no sign bit when x = 0, on the curve; undefined otherwise. Points outside the
   * prime-order subgroup decode too, see `multiplyByCofactor` and `isTorsionFree`.
   */
  decode(bytes: Uint8Array): Point | undefined;
  /** `decode` of each, at about half the cost. */
  decodeAll(encodings: readonly Uint8Array[]): (Point | undefined)[];
  encode(point: Point): Uint8Array;
  /** `encode` of each, with one field inversion for all. */
  encodeAll(points: readonly Point[]): Uint8Array[];
  equal(a: Point, b: Point): boolean;
  isIdentity(point: Point): boolean;
  /** Whether l·point is the identity. */
  isTorsionFree(point: Point): boolean;

  add(a: Point, b: Point): Point;
  subtract(a: Point, b: Point): Point;
  /** 8·point, which is always in the prime-order subgroup. */
  multiplyByCofactor(point: Point): Point;
  /** (1/8 mod l)·point; `multiplyByCofactor` inverts it for points of prime order. */
  divideByCofactor(point: Point): Point;
  /** Precomputes tables that make `multiScalar` with these points cheaper. They take 10 KB per point and are never freed. */
  fixPoints(points: readonly Point[]): FixedPoints;
  /**
   * Σ scalars[i]·points[i] + Σ fixedScalars[i]·fixed[i]. `fixed` defaults to the base point and may have more points than there
   * are scalars. Variable time: public data only.
   */
  multiScalar(
    scalars: ScalarVector,
    points: readonly Point[],
    fixedScalars?: ScalarVector,
    fixed?: FixedPoints,
  ): Point;

  multiplySecret(scalar: Scalar, point: Point): Point;
  multiplyBaseSecret(scalar: Scalar): Point;
  /** Σ scalars[i]·points[i] for secret scalars and public points. */
  multiScalarSecret(scalars: ScalarVector, points: readonly Point[]): Point;

  /** Original Keccak-256 (padding 0x01), not FIPS 202's SHA3-256. */
  keccak256(...parts: readonly Uint8Array[]): Uint8Array;
  /** keccak256 mod l. */
  hashToScalar(...parts: readonly Uint8Array[]): Scalar;
  /** CryptoNote's Hp: 8·map(keccak256(bytes)), always in the prime-order subgroup. */
  hashToPoint(bytes: Uint8Array): Point;
  /** `hashToPoint` of each, at about half the cost. */
  hashToPoints(all: readonly Uint8Array[]): Point[];
}

export const SCALAR_BYTES = 32;
export const POINT_BYTES = 32;
/** l, the order of the base point. */
export const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A non-negative number as `length` little-endian bytes. Throws RangeError when it does not fit. Variable time. */
export function littleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = 0; i < length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  if (rest !== 0n) throw new RangeError(`littleEndian: ${value} needs more than ${length} bytes`);
  return bytes;
}

/** Decodes a little-endian number. Variable time. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** A public number mod l as a scalar; negative numbers wrap around. */
export const scalarOf = (value: bigint | number): Scalar =>
  littleEndian(((BigInt(value) % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER, SCALAR_BYTES);
