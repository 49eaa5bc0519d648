/** Requests are for blocks of 16 KiB, as every client's are; larger ones between own peers were measured to gain nothing. */
export const BLOCK_BYTES = 16 * 1024;
/** The largest request that is served (some clients ask for up to 128 KiB). */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Longest message of a kind we do not know, or of any kind but a bitfield. */
export const MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 13;

/** Requests a peer may have waiting with us; one that asks for more is disconnected. */
export const MAX_QUEUED_REQUESTS = 2048;
/** Blocks asked of one peer at a time lie between these: see pipelineOf(). */
export const MIN_PIPELINE = 64;
export const MAX_PIPELINE = 512;
/** Bytes of unfinished pieces in memory, beyond which no new piece is begun. */
export const MAX_UNFINISHED_BYTES = 128 * 1024 * 1024;
/** Verified pieces that wait for the disk, beyond which nothing more is asked for. */
export const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;
/** Bytes handed to a socket and not sent yet, beyond which a peer's requests wait. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** How long news of verified pieces are gathered before they are sent. */
export const ANNOUNCE_DELAY_MS = 30;
/** Pieces kept in memory for serving. */
export const PIECE_CACHE_BYTES = 32 * 1024 * 1024;
/** Bytes a peer may send that nobody asked for (blocks that crossed a cancel) before it is disconnected. */
export const MAX_UNASKED_BYTES = 16 * 1024 * 1024;

/** From the first dial to the other side's handshake. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_MS = 60_000;
export const IDLE_TIMEOUT_MS = 150_000;
/** A peer that owes blocks and sends none for this long loses its pieces to others. */
export const SNUB_TIMEOUT_MS = 10_000;
/** … and the connection after this. */
export const SNUB_CLOSE_MS = 60_000;
export const TICK_MS = 1000;

export const DEFAULT_MAX_PEERS = 64;
/** Several nodes may share an address behind a router; more from one are one that wants all places. */
export const DEFAULT_MAX_PEERS_PER_NETWORK = 8;
export const DEFAULT_UPLOAD_SLOTS = 8;
export const RECHOKE_MS = 10_000;
export const OPTIMISTIC_MS = 30_000;

/** Peers that may work on one unfinished piece when there is no other left to begin. */
export const MAX_OWNERS = 3;

export const MAX_HALF_OPEN = 8;
export const MAX_KNOWN_ADDRESSES = 2000;
export const REDIAL_MIN_MS = 1000;
export const REDIAL_MAX_MS = 300_000;

/** Up to this size a start re-hashes everything; beyond, resume data is trusted and spot-checked. */
export const FULL_CHECK_BYTES = 1024 ** 3;
export const SPOT_CHECKS = 16;
export const RESUME_SAVE_MS = 10_000;
