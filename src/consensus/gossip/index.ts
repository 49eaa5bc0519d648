export * from './constants.ts';
export * from './gossip.ts';
export * from './messages.ts';
export type { ChainPeer } from './peer.ts';
