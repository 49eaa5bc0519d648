export * from './hash.ts';
export * from './merkle-mountain-range.ts';
export * from './sparse-tree.ts';
