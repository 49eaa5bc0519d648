/**
 * Size of requested blocks: 16 KiB, as in every client. Larger blocks between our own nodes were measured to gain nothing.
 */
export const BLOCK_BYTES = 16 * 1024;
/** Largest request that is served; some clients request up to 128 KiB. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Longest message of an unknown type, or of any type except bitfield. */
export const MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 13;

/** Request queue length per peer, as announced in our extension handshake; requests beyond it are dropped. */
export const MAX_QUEUED_REQUESTS = 2048;
/** Dropped requests, less the blocks sent since, at which a peer is disconnected. */
export const MAX_REFUSED_REQUESTS = 8192;
/** Bounds on the number of blocks requested from one peer at a time: see pipelineOf(). */
export const MIN_PIPELINE = 64;
export const MAX_PIPELINE = 500;
/** Request queue length assumed for peers that do not announce theirs; older clients have this one. */
export const DEFAULT_REQUEST_LIMIT = 250;
/** Free piece buffers kept for reuse, in bytes, for all torrents together. */
export const MAX_FREE_PIECE_BYTES = 32 * 1024 * 1024;
/**
 * Memory for unfinished pieces shared by the torrents of a node, in bytes. A torrent beyond its share begins no new piece.
 */
export const MAX_UNFINISHED_BYTES = 128 * 1024 * 1024;
/** Verified pieces waiting for the disk, in bytes, beyond which no more blocks are requested. */
export const MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;
/** Memory of data queued on a socket, in bytes, beyond which block requests and have messages of the peer wait. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** … and beyond which the peer is disconnected, since it does not read the answers it requests. */
export const MAX_BACKLOG_BYTES = 2 * MAX_UNSENT_BYTES;
/** Memory that a connection occupies beside its queued data: the message that is coming in, and requests that wait. */
export const CONNECTION_BYTES = 384 * 1024;
/** Memory that a queued write occupies beside its bytes. */
export const WRITE_OVERHEAD_BYTES = 512;
/** A peer that reads nothing of its queued data for this long is disconnected. */
export const WRITE_STALL_MS = 60_000;
/** Delay for which have messages are batched. */
export const ANNOUNCE_DELAY_MS = 30;
/** Adjacent requests are read from disk together, up to this many bytes. */
export const READ_RUN_BYTES = 256 * 1024;
/** Most recent pieces of a torrent that are kept in memory for uploads, in bytes. */
export const RECENT_PIECES_BYTES = 32 * 1024 * 1024;
/** Unrequested payload (blocks that crossed a cancel) at which a peer is disconnected, in bytes. */
export const MAX_UNREQUESTED_BYTES = 16 * 1024 * 1024;
/** Token bucket for messages that change nothing: its size, and refill per second. */
export const IDLE_MESSAGES = 4096;
export const IDLE_MESSAGES_PER_SECOND = 64;

/** Time from the first dial to the peer's handshake. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_MS = 60_000;
export const IDLE_TIMEOUT_MS = 150_000;
/** A peer that owes blocks and sends none for this long is snubbed: its pieces go to others. */
export const SNUB_TIMEOUT_MS = 10_000;
/** … and disconnected after this. */
export const SNUB_CLOSE_MS = 60_000;
export const TICK_MS = 1000;

/** Connections younger than this, or with more traffic than this, are not replaced by a newcomer. */
export const PLACE_GRACE_MS = 10_000;
export const PLACE_USE_BYTES_PER_SECOND = 4096;
/** How long two connections to one host under one peer id may coexist. */
export const DUPLICATE_MS = 10_000;

export const DEFAULT_MAX_PEERS = 64;
/**
 * Several nodes may share an address behind a router; more from one address are taken for an attempt to occupy all slots.
 */
export const DEFAULT_MAX_PEERS_PER_ADDRESS = 8;
export const DEFAULT_UPLOAD_SLOTS = 8;
export const RECHOKE_MS = 10_000;
export const OPTIMISTIC_MS = 30_000;

/** Peers that may work on one unfinished piece when no other piece is left to begin. */
export const MAX_OWNERS = 3;
/** A peer that has not finished its piece in this time no longer keeps others from helping. */
export const OWNERSHIP_MS = 10_000;
/** Minimum rate for a peer that must deliver a piece alone, without helpers. */
export const LEAST_BYTES_PER_SECOND = 16 * 1024;
/** How long a peer that was slower leaves the piece to others. */
export const SLOW_REST_MS = 600_000;
/** Bounds on corrupt pieces from several senders that are remembered, and on attempts per piece. */
export const MAX_SUSPECTED_PIECES = 64;
export const MAX_SUSPECTED_TRIES = 4;
/** Duration of a ban for corrupt data, and the maximum number of bans. */
export const BAN_MS = 3_600_000;
export const MAX_BANS = 4096;

export const MAX_HALF_OPEN = 8;
export const MAX_KNOWN_ADDRESSES = 2000;
export const REDIAL_MIN_MS = 1000;
export const REDIAL_MAX_MS = 300_000;

/** Tunnels that one torrent opens, see tunnels.ts. */
export const MAX_TUNNELS = 4;
/** How long direct connections may have given too little before tunnels are opened. */
export const TUNNEL_AFTER_MS = 5_000;
/**
 * Upload of a node to all peers behind relays. A relay carries 256 MiB in half an hour on one circuit (docs/protocol/network.md):
 * pieces take less than half of that in each direction, and sessions on the same circuit have the rest.
 */
export const RELAYED_BYTES_PER_SECOND = 64 * 1024;

/** Torrents up to this size are hashed completely at start; for larger ones, resume data is spot-checked. */
export const FULL_CHECK_BYTES = 1024 ** 3;
export const SPOT_CHECKS = 16;
export const RESUME_SAVE_MS = 10_000;
