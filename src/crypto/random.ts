import type { Curve, Scalar } from './curve.ts';

/** A source of `length` uniform random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** The cryptographic random generator of the platform. */
export const systemRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A uniform nonzero scalar: 64 random bytes reduced mod l, so that the bias is negligible. */
export function randomScalar(curve: Curve, random: RandomBytes): Scalar {
  for (;;) {
    const scalar = curve.scalars.reduce(random(64));
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}
