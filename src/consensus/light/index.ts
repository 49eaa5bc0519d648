export { LightClient } from './client.ts';
export type { SeenFork } from './headers.ts';
export { LightChain } from './light-chain.ts';
export type { LightPeer } from './light-peer.ts';
export { serveQueries } from './server.ts';
export { type Checkpoint, parseCheckpoint, requireCheckpoint, trustedAt } from './trust.ts';
export { requireFresh, TRUST_EXPIRED, type Trusted } from './verify.ts';
