export * from './curve.ts';
export * from './default-curve.ts';
export * from './envelope.ts';
export * from './keys.ts';
export * from './random.ts';
export * from './ringct/index.ts';
