export * from './manifest.ts';
export * from './metainfo.ts';
export { type CreateMetainfo, createMetainfo, sha256File } from './metainfo-create.ts';
export { type ModelSource, openSource, type SourceFile, type SourceOptions } from './sources/index.ts';
export type { ByteRange } from './swarm/ranges.ts';
export { type AddTorrent, Swarm, type SwarmOptions } from './swarm/swarm.ts';
export {
  isOnDisk,
  type Torrent,
  type TorrentEvents,
  type TorrentOptions,
  type TorrentProgress,
} from './swarm/torrent.ts';
export type { PeerStatus } from './swarm/transfer-counters.ts';
export { Tracker, type TrackerOptions } from './tracker.ts';
export { type ExpectedFile, verifyFiles } from './verify-files.ts';
