/**
 * The group of Edwards25519 as Monero uses it: one interface, two implementations. The kernel (WebAssembly) does the
 * work; noble is the reference that tests compare it with. Nothing here is specific to Node.
 */

declare const opaque: unique symbol;

/** A decoded point. Opaque and immutable; it belongs to the implementation that made it. */
export interface Point {
  readonly [opaque]: 'point';
}

/** Points that were prepared for `multiScalar`: see `fixPoints`. Of the curve that made it. */
export interface FixedPoints {
  readonly [opaque]: 'fixed points';
}

/** 32 bytes, little-endian, below the group order l = 2^252 + 27742317777372353535851937790883648493. */
export type Scalar = Uint8Array;

/** Scalars one after the other, 32 bytes each. */
export type ScalarVector = Uint8Array;

/** Arithmetic mod l. The kernel's runs in constant time, so its arguments may be secret; noble's does not. */
export interface ScalarField {
  /** Whether these are 32 bytes of a number below l. */
  isCanonical(bytes: Uint8Array): boolean;
  /** A little-endian number of up to 64 bytes, mod l. */
  reduce(bytes: Uint8Array): Scalar;
  add(a: Scalar, b: Scalar): Scalar;
  subtract(a: Scalar, b: Scalar): Scalar;
  multiply(a: Scalar, b: Scalar): Scalar;
  /** 1/a. Throws RangeError for zero. */
  invert(a: Scalar): Scalar;
  /** 1/a for each element, with one inversion. Throws RangeError when one is zero. */
  invertVector(vector: ScalarVector): ScalarVector;
  /** 1, base, base², … : `count` of them. */
  powers(base: Scalar, count: number): ScalarVector;
  addVectors(a: ScalarVector, b: ScalarVector): ScalarVector;
  /** Element by element. */
  multiplyVectors(a: ScalarVector, b: ScalarVector): ScalarVector;
  scaleVector(vector: ScalarVector, factor: Scalar): ScalarVector;
  innerProduct(a: ScalarVector, b: ScalarVector): Scalar;
}

/**
 * Methods named `…Secret` take the same time whatever the scalar is (kernel: fixed windows, every table entry read,
 * no branch on a digit). All others may take longer for some scalars or points: give them public data only.
 */
export interface Curve {
  readonly implementation: 'kernel' | 'noble';
  readonly scalars: ScalarField;
  /** The base point of RFC 8032. */
  readonly base: Point;
  readonly identity: Point;

  /**
   * Strict: 32 bytes, y below p, no sign bit on x = 0, on the curve; undefined otherwise. Points outside the
   * prime-order subgroup decode: see `multiplyByCofactor` and `isTorsionFree`.
   */
  decode(bytes: Uint8Array): Point | undefined;
  /** `decode` of each, at about half the price. */
  decodeAll(encodings: readonly Uint8Array[]): (Point | undefined)[];
  encode(point: Point): Uint8Array;
  /** As `encode` of each, with one field inversion for all. */
  encodeAll(points: readonly Point[]): Uint8Array[];
  equal(a: Point, b: Point): boolean;
  isIdentity(point: Point): boolean;
  /** Whether l·point is the identity. */
  isTorsionFree(point: Point): boolean;

  add(a: Point, b: Point): Point;
  subtract(a: Point, b: Point): Point;
  /** 8·point: in the prime-order subgroup whatever the point was. */
  multiplyByCofactor(point: Point): Point;
  /** (1/8 mod l)·point: undone by `multiplyByCofactor` for points of prime order. */
  divideByCofactor(point: Point): Point;
  /** Makes sums of products with these points cheaper. What that takes is kept as long as the curve: 10 KB a point. */
  fixPoints(points: readonly Point[]): FixedPoints;
  /**
   * Σ scalars[i]·points[i] + Σ fixedScalars[i]·fixed[i], where `fixed` is the base point if nothing else is said and may
   * have more points than there are scalars. Variable time: public data only.
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
  /** `hashToPoint` of each, at about half the price. */
  hashToPoints(all: readonly Uint8Array[]): Point[];
}

export const SCALAR_BYTES = 32;
export const POINT_BYTES = 32;
/** l, the order of the base point. */
export const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A non-negative number as `length` little-endian bytes. Throws RangeError when it does not fit. Not constant time. */
export function littleEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = 0; i < length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  if (rest !== 0n) throw new RangeError(`littleEndian: ${value} needs more than ${length} bytes`);
  return bytes;
}

/** The number that little-endian bytes say. Not constant time. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** A public number mod l as a scalar; negative ones count down from l. */
export const scalarOf = (value: bigint | number): Scalar =>
  littleEndian(((BigInt(value) % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER, SCALAR_BYTES);
