import type { Limits } from '#network';

/** Constants of docs/protocol/verification.md. */
export const AUDIT_PROTOCOL = '/bitorch/verification/audit/2';
export const INPUTS_PROTOCOL = '/bitorch/verification/inputs/2';

/** Version of receipts, tickets and verdicts. */
export const STATEMENT_VERSION = 2;

/** Positions that one receipt covers. */
export const CHUNK_POSITIONS = 32;

/** How long a stage keeps the log of an ended session for audits. */
export const LOG_KEEP_MS = 600_000;
/** Maximum size of all logs of a stage in bytes, of the logs of one client, and maximum number of logs. */
export const LOG_MAX_BYTES = 512 << 20;
export const LOG_CLIENT_MAX_BYTES = LOG_MAX_BYTES / 2;
export const MAX_LOGS = 4096;
/** Maximum size of the rolled-back chunks of one session; the oldest are dropped first. */
export const LOG_LEFT_MAX_BYTES = 16 << 20;
/** Overhead charged for a log and for a chunk besides their states: objects, keys, map entries. */
export const LOG_COST_BYTES = 4 << 10;
export const CHUNK_COST_BYTES = 1 << 10;

/** Maximum lifetime of a ticket, and tolerated difference between clocks. */
export const TICKET_LIFE_MS = 600_000;
export const CLOCK_SKEW_MS = 120_000;

/** Limit for one audit, which may have to fetch and load blocks before it computes. */
export const AUDIT_TIMEOUT_MS = 180_000;
/** Maximum number of concurrent audits (one of them computing), and limits for one: bytes of states, number of receipts. */
export const MAX_AUDITS = 8;
export const MAX_AUDIT_BYTES = 64 << 20;
export const MAX_AUDIT_RECEIPTS = 2048;

/** Limits for a stream of states: bytes of a frame, ms until the next frame, ms for all frames that a stage sends. */
export const STATES_FRAME_BYTES = 1 << 20;
export const STATES_STALL_MS = 15_000;
export const INPUTS_TIMEOUT_MS = 30_000;
/** How long an auditor waits for states from a client that may have to fetch them from two stages first. */
export const SUPPLY_STALL_MS = 2 * INPUTS_TIMEOUT_MS + STATES_STALL_MS;
/** A client that keeps an auditor waiting for this long loses its slot when another client needs one. */
export const SUPPLY_IDLE_MS = 20_000;

/**
 * Work budgets of an auditor, in bytes of states × blocks that they pass through; a processor computes about 50 MB/s. A client
 * and a stage of the same owner could make an auditor compute anything; these limits make that unprofitable.
 */
const workOf = (clients: number): Limits => ({
  heldBytes: 0,
  burstBytes: clients * (1 << 30),
  bytesPerSecond: clients * (4 << 20),
  burstCpuMs: 1,
  cpuMsPerSecond: 1,
});
/** Budgets per client, per network origin and in total. */
export const AUDIT_WORK = { client: workOf(1), origin: workOf(4), all: workOf(8) };
