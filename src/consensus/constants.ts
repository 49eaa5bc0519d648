import { MAX_VOTERS } from '#ledger';

/** Size of a block part, in bytes. */
export const PART_BYTES = 65_536;
/** Upper bound of the genesis' `maxBytes`: bytes of a block's transactions. */
export const MAX_TRANSACTIONS_BYTES = 2 ** 24;
/** Most bytes of a block beside its transactions: header, the commit of all validators, lengths. */
const FRAME_BYTES = 2 * PART_BYTES;

/**
 * Longest block, in bytes, whose transactions have at most `maxBytes`, as the genesis specifies. It bounds parts,
 * sync frames and journal records.
 */
export const blockBytesOf = (maxBytes: number): number => maxBytes + FRAME_BYTES;

/** Most parts of such a block. */
export const partsBoundOf = (maxBytes: number): number => Math.ceil(blockBytesOf(maxBytes) / PART_BYTES);

/** Bounds of every chain, for input that is read before its chain is known. */
export const MAX_BLOCK_BYTES = blockBytesOf(MAX_TRANSACTIONS_BYTES);
export const MAX_PARTS = partsBoundOf(MAX_TRANSACTIONS_BYTES);
export const MAX_BLOCK_TRANSACTIONS = 65_536;

/** Most validators that a genesis may allow, see `MAX_VOTERS`. */
export const MAX_VALIDATORS = MAX_VOTERS;
/** Keeps every product and priority of the rotation exact in a double. */
export const MAX_TOTAL_POWER = 2 ** 48;

/** The same bound as in `src/ledger/vote.ts`. */
export const MAX_ROUND = 2 ** 31;

export const HEADER_VERSION = 2;
export const HASH_BYTES = 32;

/** The block id of a vote for no block. */
export const NIL: Uint8Array = new Uint8Array(HASH_BYTES);

export const PREVOTE = 1;
export const PRECOMMIT = 2;

/** Largest difference accepted between the time of a header or proposal and our clock, in ms. */
export const CLOCK_TOLERANCE_MS = 15_000;
/**
 * How long a header vouches for later ones, in ms: below the unbonding time, while its signers can be held
 * accountable.
 */
export const TRUSTING_PERIOD_MS = 14 * 24 * 3_600_000;
/** Intended block time in seconds, assumed for a chain that has hardly begun. */
export const NOMINAL_BLOCK_SECONDS = 2;
