import { BitorchError, LOOP_PACE, type Pace } from '#base';
import { OBJECT_BYTES } from './budget.ts';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { MemoryCharge } from './memory-charge.ts';

/** Unread bytes at which the peer is made to wait. */
const HIGH_WATER_BYTES = 8 << 20;
/** Unread bytes at which it may continue. */
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 2;
/** A peer that reads nothing for this long is considered gone, whatever its connection reports. */
const STALL_MS = 300_000;
/** Consumed entries of the queue are removed in batches of at least this many. */
const QUEUE_SLACK = 1024;

/**
 * Whole frames in both directions (docs/protocol/network.md). Frames are pulled with `read`; unread frames beyond a bound
 * pause the sender.
 */
export class FrameStream {
  /** Peer id of the other side, authenticated. */
  readonly remote: string;
  readonly #carrier: Carrier;
  readonly #memory: MemoryCharge;
  readonly #pace: Pace;
  readonly #frames = new Queue();
  #buffered = 0;
  #paused = false;
  readonly #ended = new AbortController();
  #over = false;
  #error: Error | undefined;
  /** Wakes the reader that waits for a frame or the end. */
  #wake: (() => void) | undefined;
  /** Receives the next frame directly, without the queue. */
  #taker: ((frame: Uint8Array) => void) | undefined;

  /**
   * `carry` creates the carrier, which reports to `receiver`; `memory` counts unread memory; `pace` decides when the next
   * frame may be processed.
   */
  constructor(
    remote: string,
    carry: (receiver: Receiver) => Carrier,
    memory = new MemoryCharge(),
    pace: Pace = LOOP_PACE,
  ) {
    this.remote = remote;
    this.#memory = memory;
    this.#pace = pace;
    this.#carrier = carry({ frame: (frame) => this.#receive(frame), end: (error) => this.#end(error) });
  }

  /** Aborts when nothing more will arrive from the peer. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The next frame; undefined after an orderly end. Throws STREAM_CLOSED when the connection broke. */
  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    for (;;) {
      while (this.#frames.length === 0) {
        if (this.#error) throw this.#error;
        if (this.#over) return undefined;
        await this.#waitForFrame(signal);
      }
      const later = this.#pace.wait();
      if (!later) return this.#take();
      await later;
    }
  }

  /**
   * Passes every frame to `handle`: directly in the event that delivers it, after the promise for the previous frame is
   * fulfilled, or in a later tick when this one has used its time. Resolves after an orderly end; rejects when the
   * connection breaks, or with what `handle` throws.
   */
  each(handle: (frame: Uint8Array) => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      /** Returns whether the next frame may be handled at once. */
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
        const later = this.#pace.wait();
        if (later) {
          this.#taker = this.#wake = undefined;
          this.#put(frame);
          later.then(next);
        } else if (done(frame)) next();
      };
      const next = () => {
        while (this.#frames.length > 0) {
          const later = this.#pace.wait();
          if (later) return void later.then(next);
          if (!done(this.#take())) return;
        }
        if (this.#error) return reject(this.#error);
        if (this.#over) return resolve();
        this.#taker = take;
        this.#wake = next;
      };
      next();
    });
  }

  /**
   * Sends one frame made of `parts`, which the caller may reuse afterwards. Resolves when the stream can take more. Throws
   * STREAM_CLOSED or STREAM_STALLED.
   */
  async send(...parts: Uint8Array[]): Promise<void> {
    await this.post(...parts);
  }

  /** Like `send`, but returns undefined instead of a promise when the stream can take more at once. */
  post(...parts: Uint8Array[]): Promise<void> | undefined {
    const closed = (error: unknown) => {
      throw this.#error ?? streamClosed('send', error);
    };
    try {
      return this.#carrier.send(parts) ? undefined : this.#drained().catch(closed);
    } catch (error) {
      return closed(error);
    }
  }

  /** Ends our direction after everything sent so far; the peer may continue to send. */
  async close(): Promise<void> {
    await this.#carrier.close().catch(() => this.abort());
  }

  /** Closes both directions at once and discards unread frames. */
  abort(reason: Error = new Error('aborted')): void {
    this.#end(reason);
    this.#frames.clear();
    this.#carrier.abort(reason);
  }

  async #drained(): Promise<void> {
    const stalled = new BitorchError('STREAM_STALLED', 'the peer does not read what is sent to it');
    const timer = setTimeout(() => this.abort(stalled), STALL_MS).unref();
    await this.#carrier.drained().finally(() => clearTimeout(timer));
  }

  #take(): Uint8Array {
    const frame = this.#frames.shift()!;
    const cost = frame.length + OBJECT_BYTES;
    this.#buffered -= cost;
    if (!this.#over) this.#memory.add(-cost);
    if (this.#paused && this.#buffered <= LOW_WATER_BYTES) {
      this.#paused = false;
      this.#carrier.resume();
    }
    return frame;
  }

  #receive(frame: Uint8Array): void {
    if (this.#over) return;
    if (this.#taker) this.#taker(frame);
    else this.#put(frame);
  }

  #put(frame: Uint8Array): void {
    const cost = frame.length + OBJECT_BYTES;
    this.#memory.add(cost);
    this.#frames.push(frame);
    this.#buffered += cost;
    if (this.#buffered > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#carrier.pause();
    }
    this.#wake?.();
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#memory.clear();
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

/** FIFO queue with constant-time `shift`; that of an Array moves all elements. */
class Queue {
  #frames: (Uint8Array | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#frames.length - this.#head;
  }

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
  }

  shift(): Uint8Array | undefined {
    const frame = this.#frames[this.#head];
    this.#frames[this.#head++] = undefined;
    if (this.length === 0) this.clear();
    else if (this.#head >= QUEUE_SLACK && this.#head * 2 > this.#frames.length) {
      this.#frames.splice(0, this.#head);
      this.#head = 0;
    }
    return frame;
  }

  clear(): void {
    this.#frames.length = 0;
    this.#head = 0;
  }
}
