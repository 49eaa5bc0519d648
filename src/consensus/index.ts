export * from './application/index.ts';
export * from './blocks/index.ts';
export * from './constants.ts';
export * from './engine/index.ts';
