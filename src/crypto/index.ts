export * from './curve.ts';
export * from './default-curve.ts';
export * from './envelope.ts';
export { kernelCurve } from './kernel/curve.ts';
export { loadCurveKernel } from './kernel/load.ts';
export * from './keys.ts';
export { nobleCurve } from './noble/curve.ts';
export * from './random.ts';
export * from './ringct/index.ts';
