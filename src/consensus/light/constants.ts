import { MAX_TRANSACTION_BYTES } from '#ledger';

export const QUERY_PROTOCOL = '/bitorch/chain/query/1';

/** Longest question, in bytes: a submitted transaction. */
export const MAX_QUERY_FRAME = MAX_TRANSACTION_BYTES + 64;
/** Longest answer, in bytes. */
export const MAX_REPLY_FRAME = 1 << 21;
