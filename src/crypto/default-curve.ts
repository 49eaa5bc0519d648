import type { Curve } from './curve.ts';
import { kernelCurve } from './kernel/curve.ts';
import { loadCurveKernel } from './kernel/load.ts';

let shared: Curve | undefined;

/** The curve of this thread: the kernel, instantiated on first use in a few milliseconds. */
export function defaultCurve(): Curve {
  shared ??= kernelCurve(loadCurveKernel());
  return shared;
}
