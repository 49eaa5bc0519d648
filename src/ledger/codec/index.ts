export * from './bytes.ts';
export * from './codec.ts';
