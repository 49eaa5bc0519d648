/** Constants of docs/protocol/verification.md. */
export const AUDIT_PROTOCOL = '/bitorch/verification/audit/1';
export const INPUTS_PROTOCOL = '/bitorch/verification/inputs/1';

/** Positions that one receipt covers. */
export const CHUNK_POSITIONS = 32;
/** How long a stage keeps the inputs of a session for its audit, after the session has ended. */
export const LOG_KEEP_MS = 600_000;
/** Most bytes of logged inputs that a stage keeps; the oldest ended sessions go first. */
export const LOG_MAX_BYTES = 512 << 20;
/** An audit fetches and loads blocks before it computes. */
export const AUDIT_TIMEOUT_MS = 180_000;
