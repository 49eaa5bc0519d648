/**
 * What a session needs from others, declared by the one who needs it: something that runs blocks, and something
 * that keeps evidence of the work. Execution knows neither receipts nor money. States that are shown to a witness or
 * an observer do not change afterwards.
 */
import type { Row } from '../engine/index.ts';

/** Runs blocks [first, end) of one model; `Stage` is the one that does. */
export interface Executor {
  readonly first: number;
  readonly end: number;
  /** Floats a row. */
  readonly hidden: number;
  readonly slots: number;
  /** Most positions of a session. */
  readonly context: number;
  /** No promise when the work is done on return. */
  forward(
    rows: Row[],
    hidden: Float32Array,
    range?: { first: number; end: number },
  ): Float32Array | Promise<Float32Array>;
}

/** What both sides know about a session. */
export interface SessionTerms {
  session: Uint8Array;
  manifest: Uint8Array;
  first: number;
  end: number;
  period: number;
  /** Floats a row. */
  width: number;
  /** Peer id of the client, and where it comes from (`Host.originOf`). */
  client: string;
  origin: string;
}

/** Keeps evidence of what a stage computed. */
export interface Witness {
  /** Throws SESSION_KNOWN when evidence of a session of this client with the same id is kept already. */
  open(terms: SessionTerms): SessionWitness;
}

export interface SessionWitness {
  /**
   * Rows of positions [position, …) went in and came out; returns evidence that became due, for the client. Throws when no
   * more can be kept: the session then ends.
   */
  record(position: number, rows: number, input: Float32Array, output: Float32Array): Uint8Array[];
  /** The session is over; returns the last evidence, the second time none. */
  close(): Uint8Array[];
}

/** Keeps the client's side of the evidence. */
export interface Observer {
  sent(position: number, rows: number, states: Float32Array): void;
  received(position: number, rows: number, states: Float32Array): void;
  /** Evidence from the stage at `hop`; throws when it is not what was agreed. */
  evidence(hop: number, bytes: Uint8Array): void;
}
