import { BitorchError, LOOP_PACE, type Pace } from '#base';
import { OBJECT_BYTES } from './budget.ts';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { MemoryCharge } from './memory-charge.ts';

/** A reader that is this far behind makes the other side wait. */
const HIGH_WATER_BYTES = 8 << 20;
/** It may go on when half of that has been read. */
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 2;
/** Who takes nothing of what is sent for this long is gone, whatever its connection says. */
const STALL_MS = 300_000;
/** Places of frames that were taken and are cleared away together. */
const QUEUE_SLACK = 1024;

/**
 * Whole frames in both directions (docs/protocol/network.md). Frames are pulled with `read`; what is unread beyond a
 * bound pauses the sender.
 */
export class FrameStream {
  /** Peer id of the other side, authenticated. */
  readonly remote: string;
  readonly #carrier: Carrier;
  readonly #tally: MemoryCharge;
  readonly #pace: Pace;
  readonly #frames = new Queue();
  #buffered = 0;
  #paused = false;
  readonly #ended = new AbortController();
  #over = false;
  #error: Error | undefined;
  /** Who waits for a frame or the end. */
  #wake: (() => void) | undefined;
  /** Who takes the next frame at once. */
  #taker: ((frame: Uint8Array) => void) | undefined;

  /**
   * `carry` makes the carrier, which tells `receiver` what comes; `tally` counts what is unread; `pace` says when the next
   * frame may be worked on.
   */
  constructor(
    remote: string,
    carry: (receiver: Receiver) => Carrier,
    tally = new MemoryCharge(),
    pace: Pace = LOOP_PACE,
  ) {
    this.remote = remote;
    this.#tally = tally;
    this.#pace = pace;
    this.#carrier = carry({ frame: (frame) => this.#receive(frame), end: (error) => this.#end(error) });
  }

  /** Aborts when nothing more will come from the other side. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The next frame; undefined after an orderly end; throws STREAM_CLOSED when the connection broke. */
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
   * Hands every frame to `handle` in the very event that brings it, or when the promise for the one before is
   * fulfilled; in a later turn of the event loop when this one has done enough. Resolves after an orderly end; rejects when the connection broke, or with what `handle` throws.
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
      return this.#carrier.send(parts) ? undefined : this.#drained().catch(closed);
    } catch (error) {
      return closed(error);
    }
  }

  /** Ends our side after what was sent; the other side may go on sending. */
  async close(): Promise<void> {
    await this.#carrier.close().catch(() => this.abort());
  }

  /** Drops the stream at once, in both directions, and what is unread. */
  abort(reason: Error = new Error('aborted')): void {
    this.#end(reason);
    this.#frames.clear();
    this.#carrier.abort(reason);
  }

  async #drained(): Promise<void> {
    const stalled = new BitorchError('STREAM_STALLED', 'the other side takes nothing of what is sent to it');
    const timer = setTimeout(() => this.abort(stalled), STALL_MS).unref();
    await this.#carrier.drained().finally(() => clearTimeout(timer));
  }

  #take(): Uint8Array {
    const frame = this.#frames.shift()!;
    const cost = frame.length + OBJECT_BYTES;
    this.#buffered -= cost;
    if (!this.#over) this.#tally.add(-cost);
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
    this.#tally.add(cost);
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
    this.#tally.clear();
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

/** First in, first out, in constant time: `shift` of a long list moves all of it. */
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
