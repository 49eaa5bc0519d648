import type { Curve, Scalar } from './curve.ts';

/** A source of `length` uniform random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** The platform's cryptographic generator. */
export const systemRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A uniform scalar other than zero: 64 bytes mod l, so that no value is likelier than another. */
export function randomScalar(curve: Curve, random: RandomBytes): Scalar {
  for (;;) {
    const scalar = curve.scalars.reduce(random(64));
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
}
