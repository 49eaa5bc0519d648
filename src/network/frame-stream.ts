import { BitorchError } from '#base';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';

/** A reader that is this far behind makes the other side wait. */
const HIGH_WATER_BYTES = 8 << 20;

/**
 * Whole frames in both directions (docs/protocol/network.md). Frames are pulled with `read`; what is unread beyond a
 * bound pauses the sender.
 */
export class FrameStream {
  /** Peer id of the other side, authenticated. */
  readonly remote: string;
  readonly #carrier: Carrier;
  readonly #frames: Uint8Array[] = [];
  #buffered = 0;
  readonly #ended = new AbortController();
  #over = false;
  #error: Error | undefined;
  /** Who waits for a frame or the end. */
  #wake: (() => void) | undefined;
  /** Who takes the next frame at once. */
  #taker: ((frame: Uint8Array) => void) | undefined;

  /** `carry` makes the carrier, which tells `receiver` what comes. */
  constructor(remote: string, carry: (receiver: Receiver) => Carrier) {
    this.remote = remote;
    this.#carrier = carry({ frame: (frame) => this.#receive(frame), end: (error) => this.#end(error) });
  }

  /** Aborts when nothing more will come from the other side. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The next frame; undefined after an orderly end; throws STREAM_CLOSED when the connection broke. */
  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    while (this.#frames.length === 0) {
      if (this.#error) throw this.#error;
      if (this.#over) return undefined;
      await this.#waitForFrame(signal);
    }
    return this.#take();
  }

  /**
   * Hands every frame to `handle` in the very event that brings it, or when the promise for the one before is
   * fulfilled. Resolves after an orderly end; rejects when the connection broke, or with what `handle` throws.
   */
  each(handle: (frame: Uint8Array) => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      /** Whether the one after may be handled at once. */
      const done = (frame: Uint8Array): boolean => {
        this.#taker = this.#wake = undefined;
        try {
          const handled = handle(frame);
          if (!handled) return true;
          handled.then(next, reject);
        } catch (error) {
          reject(error);
        }
        return false;
      };
      const take = (frame: Uint8Array) => {
        if (done(frame)) next();
      };
      const next = () => {
        while (this.#frames.length > 0) if (!done(this.#take())) return;
        if (this.#error) return reject(this.#error);
        if (this.#over) return resolve();
        this.#taker = take;
        this.#wake = next;
      };
      next();
    });
  }

  /** Sends one frame made of `parts`, which may change afterwards; resolves when the stream can take more. */
  async send(...parts: Uint8Array[]): Promise<void> {
    await this.post(...parts);
  }

  /** Like `send`, without a promise when the stream can take more at once; throws like it. */
  post(...parts: Uint8Array[]): Promise<void> | undefined {
    const closed = (error: unknown) => {
      throw this.#error ?? streamClosed('send', error);
    };
    try {
      return this.#carrier.send(parts) ? undefined : this.#carrier.drained().catch(closed);
    } catch (error) {
      return closed(error);
    }
  }

  /** Ends our side after what was sent; the other side may go on sending. */
  async close(): Promise<void> {
    await this.#carrier.close().catch(() => this.abort());
  }

  /** Drops the stream at once, in both directions. */
  abort(reason: Error = new Error('aborted')): void {
    this.#end(reason);
    this.#carrier.abort(reason);
  }

  #take(): Uint8Array {
    const frame = this.#frames.shift()!;
    const before = this.#buffered;
    this.#buffered -= frame.length;
    if (before > HIGH_WATER_BYTES && this.#buffered <= HIGH_WATER_BYTES) this.#carrier.resume();
    return frame;
  }

  #receive(frame: Uint8Array): void {
    if (this.#over) return;
    if (this.#taker) this.#taker(frame);
    else this.#put(frame);
  }

  #put(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#buffered += frame.length;
    if (this.#buffered > HIGH_WATER_BYTES) this.#carrier.pause();
    this.#wake?.();
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    if (error) this.#error = streamClosed('read', error);
    this.#ended.abort(this.#error ?? new BitorchError('STREAM_CLOSED', 'the other side ended the stream'));
    this.#wake?.();
  }

  #waitForFrame(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#wake = undefined;
        reject(signal!.reason);
      };
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#wake = () => {
        this.#wake = undefined;
        signal?.removeEventListener('abort', stop);
        resolve();
      };
    });
  }
}
