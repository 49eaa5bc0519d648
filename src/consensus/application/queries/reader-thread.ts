import { Worker } from 'node:worker_threads';
import { BitorchError } from '#base';
import type { Answer, Asked, PoolSize } from './answers.ts';

/** An answer with what it cost. */
export interface ReadAnswer extends Answer {
  /** Height of the last block. */
  readonly height: number;
  /** CPU time, in ms. */
  readonly costMs: number;
}

/**
 * Answers queries about the state. Throws QUERY_INVALID or CODEC_INVALID when the question is invalid,
 * CHAIN_MISSING when no chain has begun, READER_STOPPED when the thread has ended.
 */
export interface QueryReader {
  answer(asked: Asked, pool: PoolSize): Promise<ReadAnswer>;
  stop(): Promise<void>;
}

export interface ReaderQuestion {
  readonly number: number;
  readonly asked: Asked;
  readonly pool: PoolSize;
}
export type ReaderReply =
  | { readonly number: number; readonly answer: ReadAnswer }
  | { readonly number: number; readonly error: { readonly code: string; readonly message: string } };

/**
 * Answers in a thread of its own, each question from a snapshot of the store, so that a long proof does not block
 * the thread that votes. Started by the first question.
 */
export class ReaderThread implements QueryReader {
  readonly #path: string;
  readonly #asked = new Map<number, PromiseWithResolvers<ReadAnswer>>();
  #thread: Worker | undefined;
  #count = 0;
  #stopped = false;

  /** @param path file of the store */
  constructor(path: string) {
    this.#path = path;
  }

  answer(asked: Asked, pool: PoolSize): Promise<ReadAnswer> {
    if (this.#stopped) return Promise.reject(stopped());
    this.#thread ??= this.#start();
    const number = this.#count++;
    const answer = Promise.withResolvers<ReadAnswer>();
    this.#asked.set(number, answer);
    this.#thread.ref();
    this.#thread.postMessage({ number, asked, pool } satisfies ReaderQuestion);
    return answer.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const thread = this.#thread;
    if (!thread) return;
    const gone = new Promise((resolve) => thread.once('exit', resolve));
    thread.ref();
    thread.postMessage('stop');
    await gone;
  }

  #start(): Worker {
    const url = new URL('./reader-worker.ts', import.meta.url);
    const thread = new Worker(url, { workerData: { path: this.#path }, execArgv: [] });
    thread.on('message', (reply: ReaderReply) => this.#settle(reply));
    thread.on('error', () => this.#lost(thread));
    thread.on('exit', () => this.#lost(thread));
    return thread;
  }

  #settle(reply: ReaderReply): void {
    const asked = this.#asked.get(reply.number)!;
    this.#asked.delete(reply.number);
    if (this.#asked.size === 0 && !this.#stopped) this.#thread?.unref();
    if ('answer' in reply) asked.resolve(reply.answer);
    else asked.reject(BitorchError.relayed(reply.error.code, reply.error.message));
  }

  #lost(thread: Worker): void {
    if (this.#thread === thread) this.#thread = undefined;
    for (const { reject } of this.#asked.values()) reject(stopped());
    this.#asked.clear();
  }
}

const stopped = (): BitorchError =>
  new BitorchError('READER_STOPPED', 'the query thread has ended: ask again');
