import { BitorchError } from '#base';

/** Transports the frames of one stream in both directions, in order. */
export interface Carrier {
  /** Sends one frame made of `parts`. False when the caller should wait for `drained` before sending more. */
  send(parts: readonly Uint8Array[]): boolean;
  /** Resolves when more can be sent. */
  drained(): Promise<void>;
  /** Stops reading, so that the peer has to wait (back-pressure). */
  pause(): void;
  resume(): void;
  /** Ends our direction after everything sent so far. */
  close(): Promise<void>;
  /** Closes both directions at once. */
  abort(reason: Error): void;
}

/** Receives the events of a carrier. */
export interface Receiver {
  frame(frame: Uint8Array): void;
  /** Nothing more will arrive: an orderly end, or an error. */
  end(error?: Error): void;
}

export const streamClosed = (what: string, cause?: unknown): BitorchError =>
  cause instanceof BitorchError
    ? cause
    : new BitorchError('STREAM_CLOSED', `${what}: the other side closed the connection`, {}, cause);
