import { BitorchError, codeOf, messageOf } from '#base';
import type {
  ChatEvent,
  ChatRequest,
  FollowEvent,
  Hop,
  Queued,
  ThreadAnswer,
  Turn,
} from '../api/node-api.ts';

/** Longest answer in UTF-16 units; it ends there, as at its limit of tokens. */
const MAX_TEXT = 256 * 1024;
/** How often a growing answer is saved, in ms. */
const SAVE_MS = 2000;

export type Chat = (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;
/** Stores the answer so far and returns its turn. */
export type Save = (answer: Partial<ThreadAnswer>) => Promise<Turn>;

/** An answer that the node is writing, whether or not somebody follows it. */
export class RunningAnswer {
  readonly #abort = new AbortController();
  readonly #save: Save;
  readonly #onRoute: (answerId: string) => void;
  #text: string;
  #route: { answerId: string; hops: Hop[]; context: number } | undefined;
  #queued: Queued | undefined;
  #prefill: { done: number; total: number } | undefined;
  #stats: ThreadAnswer['stats'];
  #changed = Promise.withResolvers<void>();
  #end: Turn | undefined;
  /** Why the answer could not be stored. */
  #failure: Error | undefined;
  #savedAt = Date.now();
  /** Resolves with the turn when the answer has ended and was stored; rejects when it could not be stored. */
  readonly ended: Promise<Turn>;

  /** `text`: the part of the answer that is there already and is continued. */
  constructor(
    { request, text }: { request: ChatRequest; text: string },
    { chat, save, onRoute }: { chat: Chat; save: Save; onRoute: (answerId: string) => void },
  ) {
    this.#text = text;
    this.#save = save;
    this.#onRoute = onRoute;
    this.ended = this.#run(chat, request);
    this.ended.catch(() => undefined);
  }

  /** Ends the answer; what was written is kept. `reason`: why, when it was not its reader. */
  stop(reason?: BitorchError): Promise<Turn> {
    this.#abort.abort(reason);
    return this.ended;
  }

  /**
   * Yields what is known, the text from the UTF-16 offset `from` on, and then every change. A slow reader gets larger pieces,
   * so nothing is queued for it. Throws when the answer could not be stored.
   */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<FollowEvent> {
    let at = from <= this.#text.length ? from : 0;
    let told: Queued | undefined;
    let hasRoute = false;
    let prefilled = -1;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    while (!signal.aborted) {
      const { promise: changed } = this.#changed;
      if (this.#queued && this.#queued !== told) {
        told = this.#queued;
        yield { type: 'queued', ...told };
      }
      if (this.#route && !hasRoute) {
        hasRoute = true;
        yield { type: 'route', ...this.#route };
      }
      if (this.#prefill && this.#prefill.done > prefilled) {
        prefilled = this.#prefill.done;
        yield { type: 'prefill', ...this.#prefill };
      }
      if (this.#text.length > at) {
        const text = this.#text.slice(at);
        yield { type: 'text', at, text };
        at += text.length;
      } else if (this.#failure) {
        throw this.#failure;
      } else if (this.#end) {
        yield { type: 'end', turn: this.#end };
        return;
      } else {
        await Promise.race([changed, aborted]);
      }
    }
  }

  async #run(chat: Chat, request: ChatRequest): Promise<Turn> {
    const state = await this.#write(chat, request).catch((error: unknown) => failed(error));
    const { reason } = this.#abort.signal;
    const outcome =
      this.#abort.signal.aborted && state.state !== 'done'
        ? reason instanceof BitorchError
          ? failed(reason)
          : { state: 'stopped' as const }
        : state;
    try {
      this.#end = await this.#save({ ...this.#soFar, ...outcome });
      return this.#end;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    } finally {
      this.#change();
    }
  }

  /** Writes the answer. Throws what the chat throws. */
  async #write(chat: Chat, request: ChatRequest): Promise<{ state: 'done' | 'stopped' }> {
    const { signal } = this.#abort;
    for await (const event of chat(request, signal)) {
      if (event.type === 'queued') {
        const { node, position, estimateMs } = event;
        this.#queued = { node, position, estimateMs };
      }
      if (event.type === 'route') {
        this.#queued = undefined;
        const { answerId, hops, context } = event;
        this.#route = { answerId, hops, context };
        this.#onRoute(answerId);
        await this.#save(this.#soFar);
      }
      if (event.type === 'prefill') this.#prefill = { done: event.done, total: event.total };
      if (event.type === 'token') await this.#add(event.text);
      if (event.type === 'done') {
        const { type: _, ...stats } = event;
        this.#stats = stats;
      }
      this.#change();
      if (this.#text.length >= MAX_TEXT) this.#abort.abort();
    }
    const { reason } = this.#stats ?? { reason: 'cancelled' };
    return { state: reason === 'cancelled' ? 'stopped' : 'done' };
  }

  async #add(text: string): Promise<void> {
    this.#text += text;
    if (Date.now() - this.#savedAt < SAVE_MS) return;
    this.#savedAt = Date.now();
    await this.#save(this.#soFar);
  }

  get #soFar(): Partial<ThreadAnswer> {
    return { text: this.#text, ...this.#route, ...(this.#stats && { stats: this.#stats }) };
  }

  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

function failed(error: unknown): { state: 'failed'; error: { code: string; message: string } } {
  const known = error instanceof BitorchError;
  const message = known ? messageOf(error) : 'the node failed to write this answer; its log says why';
  return { state: 'failed', error: { code: known ? codeOf(error) : 'INTERNAL', message } };
}
