import { type Limits, limitsOfMany } from '#network';

export const GOSSIP_PROTOCOL = '/bitorch/chain/gossip/2';
export const GOSSIP_VERSION = 2;

/** Transactions named or asked for in one message. */
export const MAX_IDS = 512;
/** Bytes of transactions in one message, beyond the first one. */
export const TRANSACTIONS_BYTES = 65_536;
/** No gossip frame is longer: a part with its proof, or transactions. */
export const MAX_GOSSIP_FRAME = 140_000;

/** A silent peer is told what this node has this often, and sent what it lacks. */
export const RECONCILE_MS = 250;
/** What was sent a peer is not sent again for this long, unless it says that it has it. */
export const RESEND_MS = 1_000;
/** Most peers that the chain is gossiped with, beside those that the node was told to stay connected with. */
export const MAX_PEERS = 40;
/** A peer that brought nothing new for this long may lose its place to another. */
export const IDLE_MS = 60_000;
/** Time for a peer to say hello, and between two messages before it counts as gone. */
export const HELLO_TIMEOUT_MS = 10_000;
export const SILENCE_TIMEOUT_MS = 30_000;
/** Unsent bytes for a peer beyond which it is not given more. */
export const MAX_UNSENT_BYTES = 4 << 20;

/** Rounds so far behind ours, and so far ahead, are gossiped about: as many as are counted, and kept. */
const ROUNDS_BEHIND = 32;
const ROUNDS_AHEAD = 16;
export const isNear = (round: number, ours: number): boolean =>
  round >= ours - ROUNDS_BEHIND && round <= ours + ROUNDS_AHEAD;

/**
 * Votes of heights that are long over, of one peer: only a second vote of a step is of interest, and to see whether it is one
 * takes a validator set, a commit and a journal off the disk. More than these are dropped.
 */
export const PAST_VOTES = { atOnce: 20, perSecond: 2 } as const;

/** What one peer may bring over all its streams, see `costOf`. */
const PEER_LIMITS: Limits = {
  heldBytes: 8 << 20,
  bytesPerSecond: 32 << 20,
  burstBytes: 160 << 20,
  cpuMsPerSecond: 40,
  burstCpuMs: 200,
};
/** Every place may be filled by one household; it is places that bound the sum. */
const TOGETHER = 2 * MAX_PEERS;
const togetherLimits = limitsOfMany(TOGETHER, PEER_LIMITS);
export const GOSSIP_LIMITS = { peer: PEER_LIMITS, address: togetherLimits, all: togetherLimits };
