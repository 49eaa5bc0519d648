export * from './bucket.ts';
export * from './keys.ts';
export { openLmdbStore } from './lmdb.ts';
export { MemoryStore } from './memory.ts';
export { Overlay } from './overlay.ts';
export type * from './view.ts';
