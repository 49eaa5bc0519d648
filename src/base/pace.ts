import { threadCpuMs } from './thread-clock.ts';

/** Milliseconds of CPU time that peers may use in a row before timers and sockets are served. */
const TURN_MS = 10;

/**
 * Spreads many small pieces of work, such as messages from peers, over several ticks of the event loop. However many pieces
 * arrive at once, from however many peers, timers are delayed by a few milliseconds and one piece at most.
 */
export class Pace {
  readonly #cpuMs: () => number;
  /** Reading of the clock when the first piece of this tick began; undefined before that. */
  #began: number | undefined;

  /** `cpuMs`: CPU time of this thread, in milliseconds. */
  constructor({ cpuMs = threadCpuMs } = {}) {
    this.#cpuMs = cpuMs;
  }

  /**
   * Called before each piece. Returns undefined when the piece may run at once, otherwise a promise that resolves in a
   * later tick that has time for it. Waiters resume in the order in which they called.
   */
  wait(): Promise<void> | undefined {
    return this.#isSpent() ? this.#untilLater() : undefined;
  }

  async #untilLater(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#isSpent());
  }

  #isSpent(): boolean {
    const now = this.#cpuMs();
    if (this.#began !== undefined) return now - this.#began >= TURN_MS;
    this.#began = now;
    setImmediate(() => {
      this.#began = undefined;
    });
    return false;
  }
}

/** The pace of this thread's event loop. */
export const LOOP_PACE = new Pace();
