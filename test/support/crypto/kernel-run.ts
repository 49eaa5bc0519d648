/** The same calculation wherever the kernel runs: its result is compared between threads, pages and noble. */
import { type Curve, type Point, scalarOf } from '../../../src/crypto/curve.ts';

/** Encodings of a few points that take every part of the kernel to make. */
export function kernelRun(curve: Curve): Uint8Array[] {
  const seed = curve.keccak256(Uint8Array.of(1, 2, 3));
  const scalar = curve.hashToScalar(seed);
  const points: Point[] = [curve.hashToPoint(seed)];
  while (points.length < 20) points.push(curve.add(points.at(-1)!, curve.multiplyByCofactor(points[0]!)));
  const powers = curve.scalars.powers(scalar, points.length);
  const inverse = curve.scalars.invert(scalar);
  return curve.encodeAll([
    curve.multiScalar(powers, points, scalarOf(7)),
    curve.multiScalarSecret(powers, points),
    curve.multiplySecret(inverse, curve.multiplyBaseSecret(scalar)),
    curve.decode(curve.encode(points[7]!))!,
  ]);
}
