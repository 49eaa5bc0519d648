import type { Limits } from '#network';

/** Constants of docs/protocol/verification.md. */
export const AUDIT_PROTOCOL = '/bitorch/verification/audit/2';
export const INPUTS_PROTOCOL = '/bitorch/verification/inputs/2';

/** Version of receipts, tickets and verdicts. */
export const STATEMENT_VERSION = 2;

/** Positions that one receipt covers. */
export const CHUNK_POSITIONS = 32;

/** How long a stage keeps the log of a session for its audit, after the session has ended. */
export const LOG_KEEP_MS = 600_000;
/** Most that all logs of a stage may hold, in bytes, and those of one client. */
export const LOG_MAX_BYTES = 512 << 20;
export const LOG_CLIENT_MAX_BYTES = LOG_MAX_BYTES / 2;
export const MAX_LOGS = 4096;
/** Most that the chunks of one session hold which were rolled back; the oldest go first. */
export const LOG_LEFT_MAX_BYTES = 16 << 20;
/** What a log and a chunk of it cost beside their states: objects, keys, places in maps. */
export const LOG_COST_BYTES = 4 << 10;
export const CHUNK_COST_BYTES = 1 << 10;

/** How far ahead of now the end of a ticket may lie, and by how much clocks may differ. */
export const TICKET_LIFE_MS = 600_000;
export const CLOCK_SKEW_MS = 120_000;

/** An audit fetches and loads blocks before it computes. */
export const AUDIT_TIMEOUT_MS = 180_000;
/** Audits that an auditor has at once, one of them computing; each may hold the states of so many bytes. */
export const MAX_AUDITS = 8;
export const MAX_AUDIT_BYTES = 64 << 20;
export const MAX_AUDIT_RECEIPTS = 2048;

/** Longest frame of a stream of states, how long the next may take, and how long all that a stage hands over. */
export const STATES_FRAME_BYTES = 1 << 20;
export const STATES_STALL_MS = 15_000;
export const INPUTS_TIMEOUT_MS = 30_000;
/** How long an auditor waits for a client that has to ask others for the states first. */
export const SUPPLY_STALL_MS = 2 * INPUTS_TIMEOUT_MS + STATES_STALL_MS;
/** A client that has let an auditor wait for so long loses its place when another finds none. */
export const SUPPLY_IDLE_MS = 20_000;

/**
 * What the audits may take that one client asks for, and all clients of one address: bytes of states times the blocks that they
 * go through, of which a processor does about 50 MB a second. A client and a stage of one owner could have an auditor compute
 * whatever they like; at this rate it is not worth the trouble.
 */
const workOf = (clients: number): Limits => ({
  heldBytes: 0,
  burstBytes: clients * (1 << 30),
  bytesPerSecond: clients * (4 << 20),
  burstCpuMs: 1,
  cpuMsPerSecond: 1,
});
export const AUDIT_WORK = { client: workOf(1), origin: workOf(4), all: workOf(8) };
