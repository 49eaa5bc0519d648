export * from './client.ts';
export * from './headers.ts';
export * from './light-chain.ts';
export type { LightPeer } from './light-peer.ts';
export * from './open.ts';
export * from './protocol.ts';
export { serveQueries } from './server.ts';
export { type Checkpoint, parseCheckpoint, requireCheckpoint, trustedAt } from './trust.ts';
export * from './verify.ts';
