/** Outputs in a ring. Fixed by spend proof type 1, so not a parameter. */
export const RING_SIZE = 16;
export const MIN_OUTPUTS = 2;
/** Outputs that one range proof covers, at most. */
export const MAX_OUTPUTS = 16;
export const MAX_INPUTS = 64;
export const MAX_ACTIONS = 8;
export const MAX_SIGNATURES = 64;
export const MAX_MEMO_BYTES = 256;
/** Hard limit, whatever the parameters allow. */
export const MAX_TRANSACTION_BYTES = 65_536;

/** Hash of the genesis; part of every signed message of the chain. */
export const CHAIN_ID_BYTES = 32;
/** Network identifier in addresses and wallets. */
export const NETWORK_BYTES = 4;
/** Weight of a state record, in addition to the bytes that create it: every node stores it until it is closed. */
export const RECORD_WEIGHT = 512;
/**
 * Weight of a payment that the chain makes later. A block makes as many of these payments as would fit into it by weight, so
 * the queue stays bounded.
 */
export const DUE_WEIGHT = 2_048;

/** Blocks from a change of stake to the first block that is voted on with it: stake that leaves in block b still votes on b + 1. */
export const POWER_DELAY = 2;

/**
 * In an undelegation: all shares there are when it is applied. A delegation needs no signature, so anybody could add a little to
 * one that is being withdrawn as a number, and leave a rest below the minimum.
 */
export const ALL_SHARES = 2n ** 64n - 1n;

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** The length Carrot uses: one false positive per 2^24 outputs in a wallet scan. */
export const VIEW_TAG_BYTES = 3;

/** Fractions are in ten-thousandths: this is 1. */
export const WHOLE = 10_000;

/**
 * Validators that vote on a block, at most. Evidence with two aggregates of all of them, 96 bytes per validator, fits into one
 * transaction.
 */
export const MAX_VOTERS = 640;

/** 1 TORCH, in sparks. */
export const TORCH = 1_000_000_000n;
