import { BitorchError, codeOf, messageOf } from '#base';
import type { FrameStream, Slot } from '#network';
import type { Row } from '../engine/index.ts';
import {
  FIRST_FRAME_TIMEOUT_MS,
  FIRST_STATES_TIMEOUT_MS,
  HANG_UP_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
} from './constants.ts';
import {
  bodyOf,
  encodeError,
  encodeReady,
  type Hidden,
  HiddenFrames,
  KIND,
  kindOf,
  type Open,
} from './messages.ts';
import type { Executor, SessionWitness } from './ports.ts';

export interface Streams {
  /** Control stream with the client: ready, evidence, errors and close. */
  readonly client: FrameStream;
  /** Source of hidden states: the client or the previous stage. */
  readonly inbound: FrameStream;
  /** Destination of hidden states: the next stage or the client. */
  readonly outbound: FrameStream;
}

/** One client's session on one stage: receives hidden states, runs the blocks, forwards the result, sends evidence. */
export class StageSession {
  readonly #open: Open;
  readonly #place: Slot;
  readonly #frames: HiddenFrames;
  readonly #streams: Streams;
  readonly #executor: Executor;
  readonly #witness: SessionWitness;
  readonly #over = new AbortController();
  /** Positions computed so far. */
  #length = 0;
  #idle: NodeJS.Timeout | undefined;
  #begun = false;

  constructor(
    options: { open: Open; place: Slot; streams: Streams },
    dependencies: { executor: Executor; witness: SessionWitness },
  ) {
    this.#open = options.open;
    this.#place = options.place;
    this.#streams = options.streams;
    this.#executor = dependencies.executor;
    const { session, period } = options.open;
    this.#frames = new HiddenFrames({ session, period, width: this.#executor.hidden });
    this.#witness = dependencies.witness;
  }

  /**
   * Serves until the client closes, a stream breaks, the session times out or `signal` aborts. Resolves with the last frames for
   * the client, to be passed to hangUp(). The slot is no longer used then.
   */
  async serve(signal: AbortSignal): Promise<Uint8Array[][]> {
    const { client, inbound } = this.#streams;
    const stop = () => this.#over.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const first = inbound === client ? FIRST_FRAME_TIMEOUT_MS : FIRST_STATES_TIMEOUT_MS;
    this.#idle = this.#endAfter(first);
    try {
      await client.send(encodeReady(this.#executor.context));
      const ends = [this.#untilOver(), this.#readHidden(inbound)];
      if (inbound !== client) ends.push(this.#readUntilClose(client));
      await Promise.race(ends);
      return this.#witness.close().map((receipt) => [Uint8Array.of(KIND.receipt), receipt]);
    } catch (error) {
      this.#witness.close();
      return [[encodeError({ code: codeOf(error), message: messageOf(error) })]];
    } finally {
      clearTimeout(this.#idle);
      signal.removeEventListener('abort', stop);
      this.#over.abort(new Error('over'));
    }
  }

  /** Sends the last frames and closes the streams; aborts them after HANG_UP_TIMEOUT_MS. */
  async hangUp(last: readonly Uint8Array[][]): Promise<void> {
    const { client, inbound, outbound } = this.#streams;
    const streams = [client, inbound, outbound];
    const drop = () => {
      for (const stream of streams) stream.abort();
    };
    const limit = setTimeout(drop, HANG_UP_TIMEOUT_MS);
    if (inbound !== client) inbound.abort();
    try {
      for (const frame of last) await client.send(...frame);
      if (outbound !== client) await outbound.close();
      await client.close();
    } catch {
      drop();
    } finally {
      clearTimeout(limit);
    }
  }

  #endAfter(ms: number): NodeJS.Timeout {
    const idle = new BitorchError('SESSION_IDLE', `the session received no frame for ${ms / 1000} s`);
    return setTimeout(() => this.#over.abort(idle), ms).unref();
  }

  #untilOver(): Promise<void> {
    const { signal } = this.#over;
    return new Promise((_, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  #readHidden(inbound: FrameStream): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const ended = inbound.each((frame) => {
      if (this.#over.signal.aborted) return undefined;
      if (kindOf(frame) === KIND.close) return void closed.resolve();
      return this.#run(frame);
    });
    return Promise.race([closed.promise, ended]);
  }

  /** Waits for the client's close, the only frame a client sends to a stage that it does not feed. Later frames are dropped. */
  #readUntilClose(client: FrameStream): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const ended = client.each((frame) => {
      if (kindOf(frame) === KIND.close) closed.resolve();
      else {
        const what = `unexpected frame of kind ${kindOf(frame)} with ${bodyOf(frame).length} bytes from the client`;
        this.#over.abort(new BitorchError('FRAME_INVALID', what));
      }
      return undefined;
    });
    return Promise.race([closed.promise, ended]);
  }

  // Returns no promise unless it has to wait: each extra turn of the event loop adds to the latency of the whole pipeline.
  #run(frame: Uint8Array): Promise<void> | undefined {
    const { first, end } = this.#open;
    const input = this.#frames.decode(frame);
    this.#checkPosition(input.position, input.rows);
    this.#begin();
    const { slot } = this.#place;
    const rows: Row[] = [];
    for (let i = 0; i < input.rows; i++) rows.push({ slot, position: input.position + i });
    const running = this.#executor.forward(rows, input.states, { first, end });
    return running instanceof Promise
      ? running.then((states) => this.#passOn(input, states))
      : this.#passOn(input, running);
  }

  #passOn({ position, rows, states: input }: Hidden, states: Float32Array): Promise<void> | undefined {
    if (this.#over.signal.aborted) return undefined;
    this.#length = position + rows;
    const full = this.#streams.outbound.post(...this.#frames.encode({ position, rows, states }));
    // After sending: the next stage computes while this one hashes and signs.
    const receipts = this.#witness.record(position, rows, input, states);
    this.#place.done();
    this.#idle?.refresh();
    return full || receipts.length > 0 ? this.#handIn(receipts, full) : undefined;
  }

  #begin(): void {
    this.#place.begin();
    if (this.#begun) return;
    this.#begun = true;
    clearTimeout(this.#idle);
    this.#idle = this.#endAfter(IDLE_TIMEOUT_MS);
  }

  async #handIn(receipts: readonly Uint8Array[], full: Promise<void> | undefined): Promise<void> {
    await full;
    for (const receipt of receipts) await this.#streams.client.send(Uint8Array.of(KIND.receipt), receipt);
  }

  #checkPosition(position: number, rows: number): void {
    if (position > this.#length) {
      throw new BitorchError(
        'POSITION_GAP',
        `the frame starts at position ${position}, but only ${this.#length} positions are computed`,
      );
    }
    if (position + rows > this.#executor.context) {
      throw new BitorchError(
        'CONTEXT_EXCEEDED',
        `position ${position + rows} is beyond the stage's context of ${this.#executor.context}`,
      );
    }
  }
}
