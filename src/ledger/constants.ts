/** Members of a ring: part of spend proof type 1, so not a parameter. */
export const RING_SIZE = 16;
export const MIN_OUTPUTS = 2;
/** What one range proof covers. */
export const MAX_OUTPUTS = 16;
export const MAX_INPUTS = 64;
export const MAX_ACTIONS = 8;
export const MAX_SIGNATURES = 64;
export const MAX_MEMO_BYTES = 256;
/** No transaction is longer, whatever the parameters say. */
export const MAX_TRANSACTION_BYTES = 65_536;

/** Hash of the genesis: under every signature that a chain takes. */
export const CHAIN_ID_BYTES = 32;
/** What addresses and wallets know a network by. */
export const NETWORK_BYTES = 4;
/** What a record of the state weighs beside the bytes that make it: it is kept by everybody until it is ended. */
export const RECORD_WEIGHT = 512;
/**
 * What a payment weighs that the chain makes later. As many as fit into a block by weight are made in a block, so they can
 * wait for each other but not pile up for ever.
 */
export const DUE_WEIGHT = 2_048;

/** Blocks from a change of stake to the first block that is voted on by it: what leaves in block b still votes on b + 1. */
export const POWER_DELAY = 2;

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** Carrot's length: false positives of a wallet scan once in 2^24 outputs. */
export const VIEW_TAG_BYTES = 3;

/** Fractions are in ten-thousandths. */
export const WHOLE = 10_000;

/**
 * Validators that vote on a block, at most: so many that evidence of two aggregates of all of them, 96 bytes for each, fits into a
 * transaction.
 */
export const MAX_VOTERS = 640;

/** 1 TORCH. */
export const TORCH = 1_000_000_000n;
