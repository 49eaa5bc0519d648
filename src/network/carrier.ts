import { BitorchError } from '#base';

/** What brings the frames of one stream to the other side and back, in order. */
export interface Carrier {
  /** Sends one frame made of `parts`; false when the caller should wait until it has `drained`. */
  send(parts: readonly Uint8Array[]): boolean;
  /** Resolves when more can be sent. */
  drained(): Promise<void>;
  /** Makes the other side wait. */
  pause(): void;
  resume(): void;
  /** Ends our direction after what was sent. */
  close(): Promise<void>;
  /** Drops both directions at once. */
  abort(reason: Error): void;
}

/** What a carrier tells of the other side. */
export interface Receiver {
  frame(frame: Uint8Array): void;
  /** Nothing more will come: in order, or because of an error. */
  end(error?: Error): void;
}

export const streamClosed = (what: string, cause?: unknown): BitorchError =>
  cause instanceof BitorchError
    ? cause
    : new BitorchError('STREAM_CLOSED', `${what}: the other side closed the connection`, {}, cause);
