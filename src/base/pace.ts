import { threadCpuMs } from './thread-clock.ts';

/** How much computing others may cause in a row before timers and sockets have their turn. */
const TURN_MS = 10;

/**
 * Spreads work that comes in small pieces, such as messages of other nodes, over turns of the event loop: however many pieces
 * come at once, and from however many peers, timers wait for a few milliseconds and one piece only.
 */
export class Pace {
  readonly #cpuMs: () => number;
  /** The clock when the first piece of this turn began; undefined before there is one. */
  #began: number | undefined;

  /** `cpuMs`: milliseconds that this thread has computed. */
  constructor({ cpuMs = threadCpuMs } = {}) {
    this.#cpuMs = cpuMs;
  }

  /**
   * Asked before each piece. Undefined when it may be done at once; else a promise for a later turn that has time for it.
   * Those that wait go on in the order in which they asked.
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

/** Of this thread's event loop. */
export const LOOP_PACE = new Pace();
