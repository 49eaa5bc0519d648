/** Maximum request body in bytes; 32k tokens of text are about an eighth of it. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_MESSAGES = 1024;
/** Time in ms for a client to send its headers, and its whole request. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 30_000;
/** Interval in ms of comments on an idle event stream, which let both ends detect a dead connection. */
export const HEARTBEAT_MS = 15_000;
