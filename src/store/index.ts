export { Bucket, type BytesCodec, orderedNumber, rawBytes } from './bucket.ts';
export { afterPrefix, everythingIn } from './keys.ts';
export { openLmdbStore } from './lmdb.ts';
export { MemoryStore } from './memory.ts';
export { Overlay } from './overlay.ts';
export type { Change, Entry, ReadView, Snapshot, Store, WriteView } from './view.ts';
