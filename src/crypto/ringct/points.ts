import { BitorchError } from '#base';
import type { Curve, Point } from '../curve.ts';

/** Decodes a trusted point; use `fromWire` for untrusted ones. Throws POINT_INVALID when it does not decode. */
export function pointOf(bytes: Uint8Array, what: string, curve: Curve): Point {
  const point = curve.decode(bytes);
  if (point === undefined) throw new BitorchError('POINT_INVALID', `the ${what} is not a point of the curve`);
  return point;
}

/** Decodes all points; undefined when one is not canonical or not on the curve. */
export function decodeAll(encodings: readonly Uint8Array[], curve: Curve): Point[] | undefined {
  const points = curve.decodeAll(encodings);
  return points.every((point) => point !== undefined) ? points : undefined;
}

/**
 * X/8, the form of points on the wire. For any point that a peer sends, 8 times it is in the prime-order subgroup, so the order
 * need not be checked.
 */
export function toWire(point: Uint8Array, curve: Curve): Uint8Array {
  return curve.encode(curve.divideByCofactor(pointOf(point, 'point', curve)));
}

/** X from X/8, canonically encoded; undefined when it does not decode or is the identity. */
export function fromWire(bytes: Uint8Array, curve: Curve): Uint8Array | undefined {
  return fromWireAll([bytes], curve)?.[0];
}

/** `fromWire` of each; undefined when it fails for one. */
export function fromWireAll(encodings: readonly Uint8Array[], curve: Curve): Uint8Array[] | undefined {
  const points = decodeAll(encodings, curve)?.map((point) => curve.multiplyByCofactor(point));
  if (points === undefined || points.some((point) => curve.isIdentity(point))) return undefined;
  return curve.encodeAll(points);
}

/** Whether the bytes are the canonical encoding of a point of prime order (not the identity). */
export function isPrimeOrderPoint(bytes: Uint8Array, curve: Curve): boolean {
  const point = curve.decode(bytes);
  return point !== undefined && !curve.isIdentity(point) && curve.isTorsionFree(point);
}
