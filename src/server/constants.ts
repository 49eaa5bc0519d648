/** Largest request body; a context of 32k tokens of text is about an eighth of it. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_MESSAGES = 1024;
/** Time for a client to send its headers, and its whole request. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 30_000;
/** A comment on a silent event stream, so that both ends notice a dead connection. */
export const HEARTBEAT_MS = 15_000;
