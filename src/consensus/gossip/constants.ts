export const GOSSIP_PROTOCOL = '/bitorch/chain/gossip/1';
export const GOSSIP_VERSION = 1;

/** Transactions named or asked for in one message. */
export const MAX_IDS = 512;
/** Bytes of transactions in one message, beyond the first one. */
export const TRANSACTIONS_BYTES = 65_536;
/** No gossip frame is longer: a part with its proof, or transactions. */
export const MAX_GOSSIP_FRAME = 140_000;

/** A silent peer is told what this node has this often, and sent what it lacks. */
export const RECONCILE_MS = 250;
/** What was sent a peer is not sent again for this long, unless it says that it has it. */
export const RESEND_MS = 1_000;
/** Most peers that the chain is gossiped with. */
export const MAX_PEERS = 40;
/** Time for a peer to say hello, and between two messages before it counts as gone. */
export const HELLO_TIMEOUT_MS = 10_000;
export const SILENCE_TIMEOUT_MS = 30_000;
/** Unsent bytes for a peer beyond which it is not given more. */
export const MAX_UNSENT_FRAMES = 512;

/** What a peer may send in the long run and at once: messages and bytes a second. */
export const MESSAGES_PER_SECOND = 2_000;
export const BYTES_PER_SECOND = 32 << 20;
export const BURST_SECONDS = 5;
/** Certificates are the dearest to verify: up to a thousand signatures each. */
export const CERTIFICATES_PER_SECOND = 20;
