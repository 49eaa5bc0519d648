export {
  blockRanges,
  boundaryRanges,
  MAX_MANIFEST_BYTES,
  type Manifest,
  type ManifestFields,
  manifestId,
  openManifest,
  signManifest,
} from './manifest.ts';
export {
  encodeMetainfo,
  MAX_METAINFO_BYTES,
  type Metainfo,
  parseMetainfo,
  pieceLengthFor,
} from './metainfo.ts';
export { createMetainfo } from './metainfo-create.ts';
export { peerIdOf } from './peer-id.ts';
export { type ModelSource, openSource } from './sources/index.ts';
export type { ByteRange } from './swarm/ranges.ts';
export { Swarm, type SwarmOptions } from './swarm/swarm.ts';
export { isOnDisk, type Torrent } from './swarm/torrent.ts';
export { Tracker } from './tracker.ts';
export { verifyFiles } from './verify-files.ts';
