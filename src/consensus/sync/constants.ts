import { MAX_COMMIT_BYTES } from '../blocks/index.ts';
import { MAX_BLOCK_BYTES } from '../constants.ts';

export const SYNC_PROTOCOL = '/bitorch/chain/sync/2';
export const MAX_REQUEST_FRAME = 64;
/** The longest answer: a block with its commit. */
export const MAX_ANSWER_FRAME = MAX_BLOCK_BYTES + MAX_COMMIT_BYTES + 16;
export const MAX_SNAPSHOTS = 16;
export const MAX_METADATA_BYTES = 1 << 20;

export const REQUEST_TIMEOUT_MS = 10_000;
/** Most blocks requested ahead of the one being applied, by number and by bytes. */
export const BLOCKS_AHEAD = 48;
export const BYTES_AHEAD = 32 << 20;
/** Time in ms for which a peer is not asked after it lacked a block that it had reported. */
export const DISTRUST_MS = 30_000;
/** Time in ms for which a lag of one block is tolerated: its votes are on their way. */
export const GRACE_MS = 400;
/** A node without blocks that lags further behind than this starts from a snapshot. */
export const SNAPSHOT_LAG = 200;
