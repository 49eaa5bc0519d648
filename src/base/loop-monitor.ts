import { threadCpuMs } from './thread-clock.ts';

const TICK_MS = 10;
/** Upper bounds of the histogram in milliseconds; what is beyond the last is counted apart. */
const BOUNDS = [5, 10, 20, 30, 50, 75, 100, 150, 200, 500, 1_000] as const;
/** What is held for longer is remembered with its time, the latest of them. */
const LONG_MS = 50;
const LONG_KEPT = 32;

/** How long the event loop was held by this thread's own computing. */
export interface LoopView {
  /** Milliseconds between two ticks that this thread computed: 99 of 100 were no longer (upper bound), and the longest. */
  readonly p99: number;
  readonly max: number;
  /** How many were longer than the bound before and at most `upTo` milliseconds; null: any longer. */
  readonly counts: readonly { readonly upTo: number | null; readonly count: number }[];
  /** The latest that were longer than 50 ms; `at`: milliseconds since epoch when they ended. */
  readonly long: readonly { readonly at: number; readonly ms: number }[];
}

/**
 * Measures for how long the event loop is kept from its timers by the work of this thread: the processor time that the thread
 * used between two ticks of a timer. Time in which a busy machine runs other processes is not counted, nor is waiting.
 *
 * A tick is due every 10 ms, so that up to that much is counted that did not hold anything.
 */
export class LoopMonitor {
  readonly #cpuMs: () => number;
  readonly #now: () => number;
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  readonly #long: { at: number; ms: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #before: number;
  #max = 0;

  /** Measures until `stop`. Both clocks are in milliseconds: of this thread's computing, and since epoch. */
  constructor({ cpuMs = threadCpuMs, now = Date.now } = {}) {
    this.#cpuMs = cpuMs;
    this.#now = now;
    this.#before = cpuMs();
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** What the timer does. */
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

  /** Everything since it began. */
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
