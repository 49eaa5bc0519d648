export * from './bits.ts';
export * from './bytes.ts';
export * from './codec.ts';
