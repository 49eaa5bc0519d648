import { MAX_VOTERS } from '#ledger';

/** What a proposal's block is cut into for gossip. */
export const PART_BYTES = 65_536;
/** The most that a genesis may allow the transactions of a block together, in bytes. */
export const MAX_TRANSACTIONS_BYTES = 2 ** 24;
/** What else there is in a block, at most: header, the commit of all validators, lengths. */
const FRAME_BYTES = 2 * PART_BYTES;

/**
 * No block is longer whose transactions have at most `maxBytes`, which the genesis says. Parts, frames of sync and records of
 * the journal follow from this bound.
 */
export const blockBytesOf = (maxBytes: number): number => maxBytes + FRAME_BYTES;

/** The parts of such a block, at most. */
export const partsBoundOf = (maxBytes: number): number => Math.ceil(blockBytesOf(maxBytes) / PART_BYTES);

/** The bounds of every chain: what is read before it is known of which. */
export const MAX_BLOCK_BYTES = blockBytesOf(MAX_TRANSACTIONS_BYTES);
export const MAX_PARTS = partsBoundOf(MAX_TRANSACTIONS_BYTES);
export const MAX_BLOCK_TRANSACTIONS = 65_536;

/** As many as a genesis may ask for: see `MAX_VOTERS`. */
export const MAX_VALIDATORS = MAX_VOTERS;
/** Keeps every product and priority of the rotation an exact double. */
export const MAX_TOTAL_POWER = 2 ** 48;

/** As `src/ledger/vote.ts` bounds it. */
export const MAX_ROUND = 2 ** 31;

export const HEADER_VERSION = 2;
export const HASH_BYTES = 32;

/** A vote for no block. */
export const NIL: Uint8Array = new Uint8Array(HASH_BYTES);

export const PREVOTE = 1;
export const PRECOMMIT = 2;

/** A header's time, and a proposal's, may be this far from our clock. */
export const CLOCK_TOLERANCE_MS = 15_000;
/** How long a header vouches for later ones: below the unbonding time, as long as who signed it still answers for it. */
export const TRUSTING_PERIOD_MS = 14 * 24 * 3_600_000;
