import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BitorchError } from '#base';
import { loadCurveKernel } from '#crypto';
import type { Equivocation, Spend } from '#ledger';
import type { ReadView } from '#store';
import {
  type EvidenceJob,
  evidenceJobOf,
  jobOf,
  type SpendJob,
  type SpendVerifier,
} from './spend-verifier.ts';

export interface VerifierOptions {
  /** Most threads; started on demand. By default all cores but one. */
  readonly threads?: number;
  /** Most spends that may wait for a thread. */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly job: SpendJob | EvidenceJob;
  /** Threads that crashed on it or on its batch. */
  losses: number;
  settle(verdict: boolean): void;
  fail(error: Error): void;
}

/** Spends per batch: range proofs are slightly cheaper together, but a block waits for the batch. */
const BATCH = 2;
const MAX_LOSSES = 3;

/**
 * Verifies in worker threads, each with its own instance of the kernel, so that this thread stays free. A free
 * thread takes what waits as one batch, whoever submitted it.
 */
export class VerifierThreads implements SpendVerifier {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #idle: Worker[] = [];
  /** All threads, with their current batch. */
  readonly #threads = new Map<Worker, readonly Waiting[]>();
  #waiting: Waiting[] = [];
  #kernel: WebAssembly.Module | undefined;
  #stopped = false;

  constructor({
    threads = Math.max(1, availableParallelism() - 1),
    maxWaiting = 20_000,
  }: VerifierOptions = {}) {
    this.#limit = threads;
    this.#maxWaiting = maxWaiting;
  }

  async verify(view: ReadView, spends: readonly Spend[], of: 'block' | 'pool'): Promise<boolean[]> {
    if (this.#stopped) throw stopped();
    if (of === 'pool') this.#requireRoom(spends.length);
    const waiting: Waiting[] = [];
    const verdicts = spends.map((spend) => ask(jobOf(view, spend), waiting));
    this.#queue(waiting, of);
    return Promise.all(verdicts);
  }

  async allHold(view: ReadView, spends: readonly Spend[]): Promise<boolean> {
    if (this.#stopped) throw stopped();
    const waiting: Waiting[] = [];
    const verdicts = spends.map((spend) => ask(jobOf(view, spend), waiting));
    this.#waiting = [...waiting, ...this.#waiting];
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    for (const verdict of verdicts) verdict.then((holds) => holds || resolve(false), reject);
    Promise.all(verdicts).then((all) => resolve(all.every(Boolean)), reject);
    this.#dispatch();
    const hold = await promise;
    const dropped = new Set(waiting);
    if (!hold) this.#waiting = this.#waiting.filter((one) => !dropped.has(one));
    return hold;
  }

  async evidenceHolds(evidence: Equivocation, chainId: Uint8Array, of: 'block' | 'pool'): Promise<boolean> {
    if (this.#stopped) throw stopped();
    if (of === 'pool') this.#requireRoom(1);
    const waiting: Waiting[] = [];
    const verdict = ask(evidenceJobOf(evidence, chainId), waiting);
    this.#queue(waiting, of);
    return verdict;
  }

  #queue(waiting: readonly Waiting[], of: 'block' | 'pool'): void {
    this.#waiting = of === 'block' ? [...waiting, ...this.#waiting] : [...this.#waiting, ...waiting];
    this.#dispatch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { fail } of this.#waiting.splice(0)) fail(stopped());
    await Promise.all([...this.#threads.keys()].map((thread) => thread.terminate()));
  }

  #requireRoom(count: number): void {
    if (this.#waiting.length + count <= this.#maxWaiting) return;
    throw new BitorchError(
      'VERIFIER_BUSY',
      'too many transactions are waiting for verification: try again later',
    );
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread) return;
      const share = Math.ceil(this.#waiting.length / this.#limit);
      this.#give(thread, this.#waiting.splice(0, Math.min(BATCH, share)));
    }
  }

  #start(): Worker | undefined {
    if (this.#threads.size >= this.#limit) return undefined;
    this.#kernel ??= loadCurveKernel();
    const workerData = { kernel: this.#kernel };
    const thread = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData, execArgv: [] });
    this.#threads.set(thread, []);
    thread.on('message', (verdicts: readonly boolean[]) => this.#done(thread, verdicts));
    thread.on('error', () => this.#lost(thread));
    thread.on('exit', () => this.#lost(thread));
    return thread;
  }

  #give(thread: Worker, batch: readonly Waiting[]): void {
    this.#threads.set(thread, batch);
    thread.ref();
    thread.postMessage(batch.map(({ job }) => job));
  }

  #done(thread: Worker, verdicts: readonly boolean[]): void {
    const batch = this.#threads.get(thread)!;
    this.#threads.set(thread, []);
    thread.unref();
    this.#idle.push(thread);
    for (const [i, { settle }] of batch.entries()) settle(verdicts[i]!);
    this.#dispatch();
  }

  /** A crashed thread says nothing about its transactions: other threads retry before the caller gets an error. */
  #lost(thread: Worker): void {
    const batch = this.#threads.get(thread) ?? [];
    this.#threads.delete(thread);
    const idle = this.#idle.indexOf(thread);
    if (idle >= 0) this.#idle.splice(idle, 1);
    const again = batch.filter((one) => !this.#stopped && ++one.losses < MAX_LOSSES);
    for (const one of batch) if (!again.includes(one)) one.fail(stopped());
    this.#waiting = [...again, ...this.#waiting];
    if (!this.#stopped) this.#dispatch();
  }
}

/** Queues the job; a ring that names missing outputs needs no thread. */
function ask(job: SpendJob | EvidenceJob | undefined, waiting: Waiting[]): Promise<boolean> {
  if (!job) return Promise.resolve(false);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  waiting.push({ job, losses: 0, settle: resolve, fail: reject });
  return promise;
}

const stopped = (): BitorchError =>
  new BitorchError('VERIFIER_STOPPED', 'the verifier thread has ended: try again');
