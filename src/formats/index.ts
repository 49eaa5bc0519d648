export * from './architecture.ts';
export * from './tensor.ts';
