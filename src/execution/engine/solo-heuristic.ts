/** Maximum number of consecutive jobs that run alone before all threads are tried again. */
const MAX_ALONE = 64;

/**
 * Decides whether short jobs run on the leader alone or on all threads. Where threads have no core of their own, each barrier
 * waits for a thread that is not scheduled, and all threads together are slower than one. Times are in ms per unit of work.
 */
export class SoloHeuristic {
  /** Best time with all threads, and the latest time alone. */
  #together = Number.POSITIVE_INFINITY;
  #alone: number | undefined;
  /** Remaining jobs to run alone, and their number when the current stretch began. */
  #left = 0;
  #stretch = 0;

  /** Whether the next job should run on all threads. */
  get together(): boolean {
    return this.#left === 0;
  }

  /** Records the time of a job that ran as `together` recommended. */
  record(time: number): void {
    if (this.#left > 0) {
      this.#alone = time;
      this.#left--;
      return;
    }
    const slow = time > (this.#alone ?? 2 * this.#together);
    this.#together = Math.min(this.#together, time);
    this.#stretch = slow ? Math.min(MAX_ALONE, 2 * this.#stretch || 1) : 0;
    this.#left = this.#stretch;
  }
}
