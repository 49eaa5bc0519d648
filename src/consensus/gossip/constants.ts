import { type Limits, limitsOfMany } from '#network';

export const GOSSIP_PROTOCOL = '/bitorch/chain/gossip/2';
export const GOSSIP_VERSION = 2;

/** Most ids in one message. */
export const MAX_IDS = 512;
/** Bytes of transactions in one message, beyond the first one. */
export const TRANSACTIONS_BYTES = 65_536;
/** Longest gossip frame, in bytes: a part with its proof, or transactions. */
export const MAX_GOSSIP_FRAME = 140_000;

/** How often a quiet peer is told what this node has, and sent what it lacks. */
export const RECONCILE_MS = 250;
/** Time before something sent to a peer may be sent to it again. */
export const RESEND_MS = 1_000;
/** Most peers of the gossip, beside configured contacts. */
export const MAX_PEERS = 40;
/** A peer that has sent nothing new for this long may be replaced. */
export const IDLE_MS = 60_000;
/** Time limits for a peer's hello and between two of its messages, in ms. */
export const HELLO_TIMEOUT_MS = 10_000;
export const SILENCE_TIMEOUT_MS = 30_000;
/** Unsent bytes for a peer above which sending pauses. */
export const MAX_UNSENT_BYTES = 4 << 20;

/** Rounds behind and ahead of ours that are gossiped: the same that are counted and kept. */
const ROUNDS_BEHIND = 32;
const ROUNDS_AHEAD = 16;
export const isNear = (round: number, ours: number): boolean =>
  round >= ours - ROUNDS_BEHIND && round <= ours + ROUNDS_AHEAD;

/**
 * Votes of past heights accepted from one peer; more are dropped. Only a second vote in a step matters, and finding
 * one reads a validator set, the votes of a step and a commit from disk.
 */
export const PAST_VOTES = { atOnce: 20, perSecond: 2 } as const;

/** Limits of one peer over all its streams, see `costOf`. */
const PEER_LIMITS: Limits = {
  heldBytes: 8 << 20,
  bytesPerSecond: 32 << 20,
  burstBytes: 160 << 20,
  cpuMsPerSecond: 40,
  burstCpuMs: 200,
};
/** One address group may take all slots; the number of slots bounds the sum. */
const TOGETHER = 2 * MAX_PEERS;
const togetherLimits = limitsOfMany(TOGETHER, PEER_LIMITS);
export const GOSSIP_LIMITS = { peer: PEER_LIMITS, address: togetherLimits, all: togetherLimits };
