import { randomBytes } from 'node:crypto';
import { BitorchError, messageOf } from '#base';
import { type FrameStream, type Host, remoteError } from '#network';
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
  decodeReady,
  encodeClose,
  encodeOpen,
  HiddenFrames,
  KIND,
  kindOf,
} from './messages.ts';
import type { StageOffer } from './planner.ts';
import type { Observer } from './ports.ts';

/** What a client settles before it opens a session. */
export interface SessionPlan {
  /** Random name of the session. */
  readonly session: Uint8Array;
  readonly period: number;
  /** Manifest id. */
  readonly manifest: Uint8Array;
  /** The stages in order, together all blocks. */
  readonly route: readonly StageOffer[];
}

/** A new session, in the period that is now. */
export function planSession(manifest: Uint8Array, route: readonly StageOffer[]): SessionPlan {
  const session = new Uint8Array(randomBytes(SESSION_ID_BYTES));
  return { session, period: Math.floor(Date.now() / PERIOD_MS), manifest, route };
}

/** How long a stage may take for the last evidence after the client has closed. */
const CLOSE_TIMEOUT_MS = 5_000;

/** A session over a route of stages: the client's side of docs/protocol/execution.md. */
export class ClientSession {
  readonly #plan: SessionPlan;
  /** Floats a row. */
  readonly hidden: number;
  readonly #frames: HiddenFrames;
  readonly #host: Pick<Host, 'open'>;
  readonly #observer: Observer;
  /** By hop; a stage that could not be reached leaves a hole. */
  readonly #streams: (FrameStream | undefined)[] = [];
  #readers: Promise<void>[] = [];
  /** Frames sent whose answer is still to come, oldest first. */
  readonly #pending: { position: number; rows: number; answer: PromiseWithResolvers<Float32Array> }[] = [];
  readonly #aborted = new AbortController();
  #failure: Error | undefined;
  #closing = false;
  /** Positions that every stage of the route can hold. */
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

  /** Opens all stages at once. Throws STAGE_FAILED that names the stage which could not; no stage keeps a place then. */
  async open(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, this.#aborted.signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
    const opening = this.#plan.route.map((_, hop) => this.#openStage(hop, limit));
    try {
      const contexts = await Promise.all(opening);
      this.context = Math.min(...contexts);
      this.#readers = this.#streams.map((stream, hop) => this.#read(stream!, hop));
    } catch (error) {
      this.abort();
      throw signal.aborted ? signal.reason : error;
    }
  }

  /**
   * Runs rows of consecutive positions through all blocks: floats [rows, hidden] in, the same out. Long inputs go
   * as several frames, so that all stages work at once. Throws STAGE_FAILED, CONTEXT_EXCEEDED.
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
        `position ${position + rows} is over the route's context of ${this.context}`,
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

  /** Ends the session in order; resolves when every stage has handed in its evidence, or could not. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const timeout = setTimeout(() => this.abort(), CLOSE_TIMEOUT_MS);
    await Promise.allSettled(this.#streams.map((stream) => stream?.send(encodeClose())));
    await Promise.allSettled(this.#readers);
    clearTimeout(timeout);
    this.abort();
  }

  /** Drops every stream at once; whoever waits for an answer gets SESSION_ABORTED. */
  abort(): void {
    this.#closing = true;
    this.#fail(new BitorchError('SESSION_ABORTED', 'the session was aborted'));
    this.#aborted.abort(this.#failure);
    for (const stream of this.#streams) stream?.abort();
  }

  async #openStage(hop: number, signal: AbortSignal): Promise<number> {
    const { session, period, manifest, route } = this.#plan;
    const stage = route[hop]!;
    const { first, end } = stage;
    try {
      const stream = await this.#host.open(stage, SESSION_PROTOCOL, MAX_FRAME_BYTES, { signal, link: true });
      this.#streams[hop] = stream;
      // Whoever aborts the session does not know of a stream that was still on its way here.
      if (signal.aborted) stream.abort();
      await stream.send(
        encodeOpen({
          session,
          manifest,
          first,
          end,
          period,
          previous: route[hop - 1]?.id ?? null,
          next: route[hop + 1]?.id ?? null,
        }),
      );
      const frame = await stream.read(signal);
      if (frame && kindOf(frame) === KIND.ready) return decodeReady(frame).context;
      throw this.#answerError(hop, frame);
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
    const due = this.#pending.shift();
    if (due?.position !== position || due.rows !== rows) {
      throw new BitorchError('FRAME_INVALID', `an answer for position ${position} was not due`);
    }
    due.answer.resolve(states);
    this.#observer.received(position, rows, states);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { answer } of this.#pending.splice(0)) answer.reject(this.#failure);
  }

  #stageFailed(hop: number, error: unknown): BitorchError {
    const { id, name, first, end } = this.#plan.route[hop]!;
    const message = `${name} (blocks ${first}–${end - 1}) failed: ${messageOf(error)}`;
    return new BitorchError('STAGE_FAILED', message, { nodeId: id, name, first, end }, error);
  }

  #answerError(hop: number, frame: Uint8Array | undefined): BitorchError {
    if (!frame) return new BitorchError('STREAM_CLOSED', 'it closed the session');
    if (kindOf(frame) === KIND.error) return remoteError('it', this.#plan.route[hop]!.id, decodeError(frame));
    return new BitorchError('FRAME_INVALID', `it sent a frame of kind ${kindOf(frame)} that was not due`);
  }
}
