import { randomBytes } from 'node:crypto';
import { BitorchError, messageOf } from '#base';
import { type FrameStream, type Host, type QueuePosition, remoteCodeOf, remoteError } from '#network';
import {
  FRAMES_IN_FLIGHT,
  MAX_FRAME_BYTES,
  MAX_ROWS,
  PERIOD_MS,
  SESSION_ID_BYTES,
  SESSION_PROTOCOL,
  SETUP_TIMEOUT_MS,
} from './constants.ts';
import {
  bodyOf,
  decodeError,
  decodeQueued,
  decodeReady,
  encodeClose,
  encodeConfirm,
  encodeOpen,
  HiddenFrames,
  KIND,
  kindOf,
} from './messages.ts';
import type { StageOffer } from './planner.ts';
import type { Observer } from './ports.ts';

/** Parameters of a session, fixed before it is opened. */
export interface SessionPlan {
  /** Random session id, SESSION_ID_BYTES bytes. */
  readonly session: Uint8Array;
  /** Period in which the session is opened (see PERIOD_MS). */
  readonly period: number;
  /** Manifest id of the model, 32 bytes. */
  readonly manifest: Uint8Array;
  /** The stages in order; together they run all blocks. */
  readonly route: readonly StageOffer[];
}

/** Plans a session with a random id in the current period. */
export function planSession(manifest: Uint8Array, route: readonly StageOffer[]): SessionPlan {
  const session = new Uint8Array(randomBytes(SESSION_ID_BYTES));
  return { session, period: Math.floor(Date.now() / PERIOD_MS), manifest, route };
}

/** Time in ms that stages have to send their last evidence after the client has closed the session. */
const CLOSE_TIMEOUT_MS = 5_000;

/** A session over a route of stages: the client side of docs/protocol/execution.md. */
export class ClientSession {
  readonly #plan: SessionPlan;
  /** Width of a row in f32. */
  readonly hidden: number;
  readonly #frames: HiddenFrames;
  readonly #host: Pick<Host, 'open'>;
  readonly #observer: Observer;
  /** By hop; undefined for a stage that could not be reached. */
  readonly #streams: (FrameStream | undefined)[] = [];
  #readers: Promise<void>[] = [];
  /** Frames sent and not yet answered, oldest first. */
  readonly #pending: { position: number; rows: number; answer: PromiseWithResolvers<Float32Array> }[] = [];
  readonly #aborted = new AbortController();
  #failure: Error | undefined;
  #closing = false;
  /** Positions that every stage of the route can hold; 0 until the session is open. */
  context = 0;

  constructor(
    options: { plan: SessionPlan; hidden: number },
    dependencies: { host: Pick<Host, 'open'>; observer: Observer },
  ) {
    this.#plan = options.plan;
    this.hidden = options.hidden;
    this.#host = dependencies.host;
    const { session, period } = options.plan;
    this.#frames = new HiddenFrames({ session, period, width: options.hidden });
    this.#observer = dependencies.observer;
  }

  /**
   * Opens the session on all stages in parallel. Throws STAGE_FAILED, which names the failing stage, after releasing the slots
   * on the others, or the reason of `signal`.
   */
  open(signal: AbortSignal): Promise<void> {
    return this.#start(signal, async () => {
      const limit = this.#within(signal, SETUP_TIMEOUT_MS);
      return Promise.all(this.#plan.route.map((_, hop) => this.#openStage(hop, limit)));
    });
  }

  /**
   * Opens the session like open(), but waits for a slot at each stage. `onQueued` hears the position at the stage that is waited
   * for. Slots are reserved one after the other in the order of the stages' peer ids: as all clients keep to it, none waits for
   * another that waits for it.
   */
  wait(signal: AbortSignal, onQueued: (queued: QueuePosition & { hop: number }) => void): Promise<void> {
    return this.#start(signal, async () => {
      const { route } = this.#plan;
      const hops = route.map((_, hop) => hop);
      for (const hop of hops.toSorted((a, b) => (route[a]!.id < route[b]!.id ? -1 : 1)))
        await this.#reserve(hop, signal, (queued) => onQueued({ ...queued, hop }));
      const limit = this.#within(signal, SETUP_TIMEOUT_MS);
      return Promise.all(hops.map((hop) => this.#confirm(hop, limit)));
    });
  }

  #within(signal: AbortSignal, ms: number): AbortSignal {
    return AbortSignal.any([signal, this.#aborted.signal, AbortSignal.timeout(ms)]);
  }

  /** `begin` returns the context of every stage. */
  async #start(signal: AbortSignal, begin: () => Promise<number[]>): Promise<void> {
    try {
      const contexts = await begin();
      this.context = Math.min(...contexts);
      this.#readers = this.#streams.map((stream, hop) => this.#read(stream!, hop));
    } catch (error) {
      this.abort();
      throw signal.aborted ? signal.reason : error;
    }
  }

  /**
   * Runs consecutive positions, starting at `position`, through all blocks: rows × hidden f32 in, rows × hidden f32 out. Long
   * inputs are split into several frames, so that all stages work at the same time. `onRows` reports the number of rows done.
   * Throws STAGE_FAILED, CONTEXT_EXCEEDED or SESSION_ABORTED.
   */
  async forward(
    position: number,
    states: Float32Array,
    onRows: (done: number) => void = () => undefined,
  ): Promise<Float32Array> {
    const width = this.hidden;
    const rows = states.length / width;
    if (position + rows > this.context) {
      throw new BitorchError(
        'CONTEXT_EXCEEDED',
        `position ${position + rows} is beyond the route's context of ${this.context}`,
      );
    }
    if (rows <= MAX_ROWS) {
      const out = await this.#exchange(position, states);
      onRows(rows);
      return out;
    }
    const out = new Float32Array(states.length);
    const answers: Promise<void>[] = [];
    for (let at = 0; at < rows; at += MAX_ROWS) {
      const end = Math.min(rows, at + MAX_ROWS);
      if (answers.length >= FRAMES_IN_FLIGHT) await answers[answers.length - FRAMES_IN_FLIGHT];
      const answer = this.#exchange(position + at, states.subarray(at * width, end * width)).then(
        (result) => {
          out.set(result, at * width);
          onRows(end);
        },
      );
      answer.catch(() => undefined);
      answers.push(answer);
    }
    await Promise.all(answers);
    return out;
  }

  /** Closes the session. Resolves when every stage has sent its evidence, has failed, or CLOSE_TIMEOUT_MS have passed. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const timeout = setTimeout(() => this.abort(), CLOSE_TIMEOUT_MS);
    await Promise.allSettled(this.#streams.map((stream) => stream?.send(encodeClose())));
    await Promise.allSettled(this.#readers);
    clearTimeout(timeout);
    this.abort();
  }

  /** Aborts every stream. Pending calls are rejected with SESSION_ABORTED. */
  abort(): void {
    this.#closing = true;
    this.#fail(new BitorchError('SESSION_ABORTED', 'the session was aborted'));
    this.#aborted.abort(this.#failure);
    for (const stream of this.#streams) stream?.abort();
  }

  #openStage(hop: number, signal: AbortSignal): Promise<number> {
    return this.#at(hop, async () => {
      const stream = await this.#sendOpen(hop, signal, { wait: false });
      return this.#readReady(hop, stream, signal);
    });
  }

  #reserve(hop: number, signal: AbortSignal, onQueued: (queued: QueuePosition) => void): Promise<void> {
    return this.#at(hop, async () => {
      const both = AbortSignal.any([signal, this.#aborted.signal]);
      const stream = await this.#sendOpen(hop, both, { wait: true });
      for (;;) {
        const frame = await stream.read(both);
        if (frame && kindOf(frame) === KIND.reserved) return;
        if (!frame || kindOf(frame) !== KIND.queued) throw this.#answerError(hop, frame);
        onQueued(decodeQueued(frame));
      }
    });
  }

  #confirm(hop: number, signal: AbortSignal): Promise<number> {
    return this.#at(hop, async () => {
      const stream = this.#streams[hop]!;
      await stream.send(encodeConfirm());
      return this.#readReady(hop, stream, signal);
    });
  }

  async #sendOpen(hop: number, signal: AbortSignal, { wait }: { wait: boolean }): Promise<FrameStream> {
    const { session, period, manifest, route } = this.#plan;
    const stage = route[hop]!;
    const { first, end } = stage;
    const previous = route[hop - 1]?.id ?? null;
    const next = route[hop + 1]?.id ?? null;
    const stream = await this.#host.open(stage, SESSION_PROTOCOL, MAX_FRAME_BYTES, { signal, link: true });
    this.#streams[hop] = stream;
    // An abort of the session cannot have reached a stream that was still being opened.
    if (signal.aborted) stream.abort();
    await stream.send(encodeOpen({ session, manifest, first, end, period, previous, next, wait }));
    return stream;
  }

  async #readReady(hop: number, stream: FrameStream, signal: AbortSignal): Promise<number> {
    const frame = await stream.read(signal);
    if (frame && kindOf(frame) === KIND.ready) return decodeReady(frame).context;
    throw this.#answerError(hop, frame);
  }

  /** Names the stage in the errors of `action`. */
  async #at<T>(hop: number, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw this.#stageFailed(hop, error);
    }
  }

  #exchange(position: number, states: Float32Array): Promise<Float32Array> {
    if (this.#failure) return Promise.reject(this.#failure);
    const rows = states.length / this.hidden;
    const answer = Promise.withResolvers<Float32Array>();
    this.#pending.push({ position, rows, answer });
    this.#streams[0]!.send(...this.#frames.encode({ position, rows, states })).catch((error: unknown) =>
      this.#fail(this.#stageFailed(0, error)),
    );
    this.#observer.sent(position, rows, states);
    return answer.promise;
  }

  async #read(stream: FrameStream, hop: number): Promise<void> {
    try {
      await stream.each((frame) => this.#take(frame, hop));
      if (!this.#closing) throw this.#answerError(hop, undefined);
    } catch (error) {
      if (!this.#closing) this.#fail(this.#stageFailed(hop, error));
    }
  }

  #take(frame: Uint8Array, hop: number): undefined {
    const kind = kindOf(frame);
    if (kind === KIND.receipt) this.#observer.evidence(hop, bodyOf(frame));
    else if (kind === KIND.hidden && hop === this.#streams.length - 1) this.#settle(frame);
    else throw this.#answerError(hop, frame);
  }

  #settle(frame: Uint8Array): void {
    const { position, rows, states } = this.#frames.decode(frame);
    const expected = this.#pending.shift();
    if (expected?.position !== position || expected.rows !== rows) {
      throw new BitorchError('FRAME_INVALID', `unexpected answer for position ${position}`);
    }
    expected.answer.resolve(states);
    this.#observer.received(position, rows, states);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { answer } of this.#pending.splice(0)) answer.reject(this.#failure);
  }

  #stageFailed(hop: number, error: unknown): BitorchError {
    const { id, name, first, end } = this.#plan.route[hop]!;
    // A stage connects to the one before it, so that one is what the user should look at.
    const previous = remoteCodeOf(error) === 'PEER_UNREACHABLE' ? this.#plan.route[hop - 1] : undefined;
    const message = previous
      ? `${titleOf(previous)} failed: ${name} cannot reach it`
      : `${titleOf({ name, first, end })} failed: ${messageOf(error)}`;
    return new BitorchError('STAGE_FAILED', message, { nodeId: id, name, first, end }, error);
  }

  #answerError(hop: number, frame: Uint8Array | undefined): BitorchError {
    if (!frame) return new BitorchError('STREAM_CLOSED', 'it closed the session');
    if (kindOf(frame) === KIND.error) return remoteError('it', this.#plan.route[hop]!.id, decodeError(frame));
    return new BitorchError('FRAME_INVALID', `it sent an unexpected frame of kind ${kindOf(frame)}`);
  }
}

const titleOf = ({ name, first, end }: { name: string; first: number; end: number }): string =>
  `${name} (blocks ${first}–${end - 1})`;
