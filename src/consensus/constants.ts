/** What a proposal's block is cut into for gossip. */
export const PART_BYTES = 65_536;
/** A block of the longest transactions that a genesis may allow, with its commit, is shorter. */
export const MAX_PARTS = 320;
/** No block is longer, whatever the parameters of a chain say. */
export const MAX_BLOCK_BYTES = MAX_PARTS * PART_BYTES;
export const MAX_BLOCK_TRANSACTIONS = 65_536;

/** As many as a genesis may ask for. */
export const MAX_VALIDATORS = 1_000;
/** Keeps every product and priority of the rotation an exact double. */
export const MAX_TOTAL_POWER = 2 ** 48;

/** As `src/ledger/vote.ts` bounds it. */
export const MAX_ROUND = 2 ** 31;

export const HEADER_VERSION = 1;
export const HASH_BYTES = 32;

/** A vote for no block. */
export const NIL: Uint8Array = new Uint8Array(HASH_BYTES);

export const PREVOTE = 1;
export const PRECOMMIT = 2;

/** A header's time, and a proposal's, may be this far from our clock. */
export const CLOCK_TOLERANCE_MS = 15_000;
/** How long a header vouches for later ones: below the unbonding time, as long as who signed it still answers for it. */
export const TRUSTING_PERIOD_MS = 14 * 24 * 3_600_000;
