/** Constants of docs/protocol/execution.md. */
export const SESSION_PROTOCOL = '/bitorch/execution/session/5';
export const HIDDEN_PROTOCOL = '/bitorch/execution/hidden/5';

/** Bytes of a session id. */
export const SESSION_ID_BYTES = 16;
/** Maximum number of rows (positions) in one frame of hidden states. */
export const MAX_ROWS = 128;
/** Limit for setting up a session: dialling the previous stage and waiting for the next one. */
export const SETUP_TIMEOUT_MS = 15_000;
/** How long a stage fed by the client waits for the first frame. */
export const FIRST_FRAME_TIMEOUT_MS = 10_000;
/** How long a stage fed by another stage waits for the first frame: the stages before it compute first. */
export const FIRST_STATES_TIMEOUT_MS = 60_000;
/** How long a reserved slot waits for the client's confirmation, which comes once all its stages have reserved one. */
export const RESERVED_MS = 60_000;
/** Stages close a session that has received no frame for this long. */
export const IDLE_TIMEOUT_MS = 300_000;
/** A session without a frame for this long loses its slot when another client needs one. */
export const RECLAIM_AFTER_MS = 20_000;
/** How long a stage waits for its last frames to be sent when a session ends. */
export const HANG_UP_TIMEOUT_MS = 5_000;
/** Maximum number of streams from next stages that wait for their client's open, in total and per peer. */
export const MAX_PARKED = 128;
export const MAX_PARKED_PER_PEER = 16;
/** Frames that a client sends ahead of the answers, to keep every stage of the pipeline busy during prefill. */
export const FRAMES_IN_FLIGHT = 4;
/** Length of a period; receipts of one period settle together. */
export const PERIOD_MS = 600_000;

/** Maximum hidden size of a model. */
const MAX_HIDDEN = 65_536;
/** Maximum frame length on a session stream, in bytes. */
export const MAX_FRAME_BYTES = 64 + MAX_ROWS * MAX_HIDDEN * 4;
