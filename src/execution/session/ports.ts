/**
 * Ports of a session: an executor that runs blocks, and a witness and an observer that keep evidence of the work. Execution
 * itself knows neither receipts nor payments. States passed to a witness or an observer are not modified afterwards.
 */
import type { Row } from '../engine/index.ts';

/** Runs blocks [first, end) of one model. Implemented by `Stage`. */
export interface Executor {
  readonly first: number;
  readonly end: number;
  /** Width of a row in f32. */
  readonly hidden: number;
  /** Number of KV cache slots, one per session. */
  readonly slots: number;
  /** Maximum number of positions of a session. */
  readonly context: number;
  /** rows.length × hidden f32 in and out. Returns the result itself, not a promise, when it is computed synchronously. */
  forward(
    rows: Row[],
    hidden: Float32Array,
    range?: { first: number; end: number },
  ): Float32Array | Promise<Float32Array>;
}

/** The terms of a session, known to the client and the stage. */
export interface SessionTerms {
  session: Uint8Array;
  manifest: Uint8Array;
  first: number;
  end: number;
  period: number;
  /** Width of a row in f32. */
  width: number;
  /** Peer id of the client, and its network origin (`Host.originOf`). */
  client: string;
  origin: string;
}

/** Keeps the stage's evidence of its work. */
export interface Witness {
  /** Throws SESSION_KNOWN when it already keeps evidence of a session of this client with the same id. */
  open(terms: SessionTerms): SessionWitness;
}

export interface SessionWitness {
  /**
   * Records `rows` rows computed from `position` on (rows × width f32 each). Returns the evidence to send to the client now.
   * Throws when no more evidence can be kept; the session ends then.
   */
  record(position: number, rows: number, input: Float32Array, output: Float32Array): Uint8Array[];
  /** Ends the session and returns the last evidence. Further calls return none. */
  close(): Uint8Array[];
}

/** Keeps the client's evidence of a session. */
export interface Observer {
  sent(position: number, rows: number, states: Float32Array): void;
  received(position: number, rows: number, states: Float32Array): void;
  /** Takes evidence from the stage at `hop`. Throws when it does not match the session's terms. */
  evidence(hop: number, bytes: Uint8Array): void;
}
