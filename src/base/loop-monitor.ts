import { threadCpuMs } from './thread-clock.ts';

const TICK_MS = 10;
/** Upper bounds of the histogram's buckets, in milliseconds; an overflow bucket follows the last. */
const BOUNDS = [5, 10, 20, 30, 50, 75, 100, 150, 200, 500, 1_000] as const;
/** Blocks longer than this are recorded with their time; the latest `LONG_KEPT` are kept. */
const LONG_MS = 50;
const LONG_KEPT = 32;

/** How long this thread's own work blocked the event loop. */
export interface LoopView {
  /** CPU milliseconds between two ticks: the 99th percentile (rounded up to a bucket's bound) and the maximum. */
  readonly p99: number;
  readonly max: number;
  /** Count per bucket; `upTo` is the bucket's upper bound in milliseconds, null for the overflow bucket. */
  readonly counts: readonly { readonly upTo: number | null; readonly count: number }[];
  /** The latest blocks longer than 50 ms; `at` is the end of the block in milliseconds since the epoch. */
  readonly long: readonly { readonly at: number; readonly ms: number }[];
}

/**
 * Measures how long the work of this thread blocks the event loop: the CPU time that the thread used between two ticks of a
 * timer. Time in which other processes ran, or in which the thread waited, is not counted.
 *
 * A tick is due every 10 ms, so values up to 10 ms include time that blocked nothing.
 */
export class LoopMonitor {
  readonly #cpuMs: () => number;
  readonly #now: () => number;
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  readonly #long: { at: number; ms: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #before: number;
  #max = 0;

  /** Measures until `stop`. `cpuMs`: CPU time of this thread in ms; `now`: ms since the epoch. */
  constructor({ cpuMs = threadCpuMs, now = Date.now } = {}) {
    this.#cpuMs = cpuMs;
    this.#now = now;
    this.#before = cpuMs();
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** Takes one sample; called by the timer. */
  tick(): void {
    const cpu = this.#cpuMs();
    const held = cpu - this.#before;
    this.#before = cpu;
    const place = BOUNDS.findIndex((bound) => held <= bound);
    this.#counts[place < 0 ? BOUNDS.length : place]!++;
    this.#max = Math.max(this.#max, held);
    if (held <= LONG_MS) return;
    this.#long.push({ at: this.#now(), ms: held });
    if (this.#long.length > LONG_KEPT) this.#long.shift();
  }

  /** All samples since construction. */
  view(): LoopView {
    const counts = this.#counts.map((count, i) => ({ upTo: BOUNDS[i] ?? null, count }));
    return { p99: this.#percentile(0.99), max: this.#max, counts, long: [...this.#long] };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #percentile(share: number): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    let below = 0;
    for (const [i, count] of this.#counts.entries()) {
      below += count;
      if (below >= share * total) return Math.min(this.#max, BOUNDS[i] ?? this.#max);
    }
    return this.#max;
  }
}
