/** Requests are for blocks of 16 KiB, as every client's are; larger ones between own peers were measured to gain nothing. */
export const BLOCK_BYTES = 16 * 1024;
/** The largest request that is served (some clients ask for up to 128 KiB). */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Longest message of a kind we do not know, or of any kind but a bitfield. */
export const MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 13;

/** Requests a peer may have waiting with us, as our extension handshake tells it; those beyond are passed over. */
export const MAX_QUEUED_REQUESTS = 2048;
/** Requests passed over, less the blocks sent since, after which a peer is disconnected. */
export const MAX_REFUSED_REQUESTS = 8192;
/** Blocks asked of one peer at a time lie between these: see pipelineOf(). */
export const MIN_PIPELINE = 64;
export const MAX_PIPELINE = 500;
/** Blocks asked at a time of a peer that does not say how many requests it keeps: what older clients keep. */
export const DEFAULT_REQUEST_LIMIT = 250;
/** Free buffers kept for the next pieces, of all torrents together. */
export const MAX_FREE_PIECE_BYTES = 32 * 1024 * 1024;
/** Bytes of unfinished pieces in memory that the torrents of a node share; beyond its part of them a torrent begins no new piece. */
export const MAX_UNFINISHED_BYTES = 128 * 1024 * 1024;
/** Verified pieces that wait for the disk, beyond which nothing more is asked for. */
export const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;
/** Memory held by what was handed to a socket and is not sent yet, beyond which a peer's requests and news wait. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** … and beyond which the peer is disconnected: it does not read the answers that it makes us give. */
export const MAX_BACKLOG_BYTES = 2 * MAX_UNSENT_BYTES;
/** What a write holds in memory beside its bytes. */
export const WRITE_OVERHEAD_BYTES = 512;
/** A peer that takes nothing of what waits for it for this long is disconnected. */
export const WRITE_STALL_MS = 60_000;
/** How long news of verified pieces are gathered before they are sent. */
export const ANNOUNCE_DELAY_MS = 30;
/** Requests that follow each other are read from disk together, up to this many bytes. */
export const READ_RUN_BYTES = 256 * 1024;
/** Pieces of a torrent that came last and are served from memory. */
export const RECENT_PIECES_BYTES = 32 * 1024 * 1024;
/** Bytes a peer may send that nobody asked for (blocks that crossed a cancel) before it is disconnected. */
export const MAX_UNASKED_BYTES = 16 * 1024 * 1024;
/** Messages that change nothing: so many at once, then so many a second, or the peer is disconnected. */
export const IDLE_MESSAGES = 4096;
export const IDLE_MESSAGES_PER_SECOND = 64;

/** From the first dial to the other side's handshake. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_MS = 60_000;
export const IDLE_TIMEOUT_MS = 150_000;
/** A peer that owes blocks and sends none for this long loses its pieces to others. */
export const SNUB_TIMEOUT_MS = 10_000;
/** … and the connection after this. */
export const SNUB_CLOSE_MS = 60_000;
export const TICK_MS = 1000;

/** Connections younger than this, or that carry this much, do not give their place to a newcomer. */
export const PLACE_GRACE_MS = 10_000;
export const PLACE_USE_BYTES_PER_SECOND = 4096;
/** How long two connections with one host under one peer id live side by side. */
export const DUPLICATE_MS = 10_000;

export const DEFAULT_MAX_PEERS = 64;
/** Several nodes may share an address behind a router; more from one are one that wants all places. */
export const DEFAULT_MAX_PEERS_PER_NETWORK = 8;
export const DEFAULT_UPLOAD_SLOTS = 8;
export const RECHOKE_MS = 10_000;
export const OPTIMISTIC_MS = 30_000;

/** Peers that may work on one unfinished piece when there is no other left to begin. */
export const MAX_OWNERS = 3;
/** A peer that has not finished its piece in this time does not keep others from helping. */
export const OWNERSHIP_MS = 10_000;
/** Of a piece that must come from one peer alone, and so has no helpers, that peer has to deliver this much. */
export const LEAST_BYTES_PER_SECOND = 16 * 1024;
/** How long who did not do that leaves the piece to others. */
export const SLOW_REST_MS = 600_000;
/** Pieces that came bad from several peers, and how often each, of which the senders are remembered. */
export const MAX_SUSPECTED_PIECES = 64;
export const MAX_SUSPECTED_TRIES = 4;
/** How long an address that sent corrupt data stays banned, and how many are. */
export const BAN_MS = 3_600_000;
export const MAX_BANS = 4096;

export const MAX_HALF_OPEN = 8;
export const MAX_KNOWN_ADDRESSES = 2000;
export const REDIAL_MIN_MS = 1000;
export const REDIAL_MAX_MS = 300_000;

/** Up to this size a start re-hashes everything; beyond, resume data is trusted and spot-checked. */
export const FULL_CHECK_BYTES = 1024 ** 3;
export const SPOT_CHECKS = 16;
export const RESUME_SAVE_MS = 10_000;
