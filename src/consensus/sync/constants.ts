import { MAX_COMMIT_BYTES } from '../blocks/index.ts';
import { MAX_BLOCK_BYTES } from '../constants.ts';

export const SYNC_PROTOCOL = '/bitorch/chain/sync/2';
export const MAX_REQUEST_FRAME = 64;
/** The longest answer: a block with its commit. */
export const MAX_ANSWER_FRAME = MAX_BLOCK_BYTES + MAX_COMMIT_BYTES + 16;
export const MAX_SNAPSHOTS = 16;
export const MAX_METADATA_BYTES = 1 << 20;

export const REQUEST_TIMEOUT_MS = 10_000;
/** Blocks asked for ahead of the one that is applied, at most: so many, and of so many bytes. */
export const BLOCKS_AHEAD = 48;
export const BYTES_AHEAD = 32 << 20;
/** A peer that did not have the block that it said it has is not believed for this long. */
export const DISBELIEF_MS = 30_000;
/** One block behind is no lag yet: its votes are on their way. */
export const GRACE_MS = 400;
/** Further behind than this, a node without any block begins from a snapshot. */
export const SNAPSHOT_LAG = 200;
