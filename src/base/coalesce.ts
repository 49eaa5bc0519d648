import { setTimeout as timeout } from 'node:timers/promises';

/**
 * Runs one piece of work at a time, once for any number of calls that come while it runs: saves, views, scans. Every call is
 * answered by a run that began after it, so the run sees whatever the caller has changed.
 */
export class Coalescer {
  readonly #work: () => Promise<void>;
  readonly #pauseMs: number;
  readonly #stopping = new AbortController();
  /** The run in progress and the pause after it; never rejects. */
  #busy: Promise<void> | undefined;
  /** The run that was asked for meanwhile. */
  #next: Promise<void> | undefined;

  /** `pauseMs`: least time from the end of a run to the beginning of the next. */
  constructor(work: () => Promise<void>, { pauseMs = 0 }: { pauseMs?: number } = {}) {
    this.#work = work;
    this.#pauseMs = pauseMs;
  }

  /** Resolves or rejects with a run that begins now or, if one is in progress, after it. Does nothing once stopped. */
  run(): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#busy) return this.#begin();
    this.#next = this.#busy.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Begins no further run; resolves when the one in progress has ended, whatever came of it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#busy;
  }

  #begin(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    const run = this.#work();
    this.#busy = this.#rest(run);
    return run;
  }

  async #rest(run: Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    await run.catch(() => undefined);
    if (this.#pauseMs > 0)
      await timeout(this.#pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    this.#busy = undefined;
  }
}
