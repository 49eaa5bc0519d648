export * from './hash.ts';
export * from './mountain-range.ts';
export * from './sparse-tree.ts';
