import type { Curve } from './curve.ts';
import { nobleCurve } from './noble/curve.ts';

/** The curve that everything in a Node process uses. */
export const defaultCurve = (): Curve => nobleCurve;
