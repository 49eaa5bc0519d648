/** Constants of docs/protocol/execution.md. */
export const SESSION_PROTOCOL = '/bitorch/execution/session/4';
export const HIDDEN_PROTOCOL = '/bitorch/execution/hidden/4';

export const SESSION_ID_BYTES = 16;
/** Most rows (positions) in one frame of hidden states. */
export const MAX_ROWS = 128;
/** Longest time to set a session up: dialling the stage before, waiting for the one after. */
export const SETUP_TIMEOUT_MS = 15_000;
/** How long a stage that its client feeds waits for the first frame. */
export const FIRST_FRAME_TIMEOUT_MS = 10_000;
/** The same for a stage that another one feeds: the ones before it have to compute first. */
export const FIRST_STATES_TIMEOUT_MS = 60_000;
/** A session without a frame for this long is closed by its stages. */
export const IDLE_TIMEOUT_MS = 300_000;
/** A session without a frame for this long loses its place to a client that finds none free. */
export const RECLAIM_AFTER_MS = 20_000;
/** How long a stage waits until its last frames on a session's streams have left. */
export const HANG_UP_TIMEOUT_MS = 5_000;
/** Streams of stages after that wait for their client's open: in all, and of one peer. */
export const MAX_PARKED = 128;
export const MAX_PARKED_PER_PEER = 16;
/** Frames that a client sends ahead of the answers; keeps every stage of the pipeline busy in prefill. */
export const FRAMES_IN_FLIGHT = 4;
/** Length of a period; receipts of one period settle together. */
export const PERIOD_MS = 600_000;

const MAX_HIDDEN = 65_536;
/** Longest frame on a session stream. */
export const MAX_FRAME_BYTES = 64 + MAX_ROWS * MAX_HIDDEN * 4;
