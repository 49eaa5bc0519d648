/** Most jobs in a row that are done alone before company is tried again. */
const MOST_ALONE = 64;

/**
 * Whether the leader of a crew should do short jobs alone. Where threads have no core of their own, each meeting waits
 * for one that is not running, and all together are slower than one. Times are milliseconds a unit of work.
 */
export class SoloHeuristic {
  /** Best time together, and the latest alone. */
  #together = Number.POSITIVE_INFINITY;
  #alone: number | undefined;
  /** Jobs still to be done alone, and how many they were after the latest job together. */
  #left = 0;
  #stretch = 0;

  get wanted(): boolean {
    return this.#left === 0;
  }

  /** Tells what the job took that was done as `wanted` said. */
  took(time: number): void {
    if (this.#left > 0) {
      this.#alone = time;
      this.#left--;
      return;
    }
    const slow = time > (this.#alone ?? 2 * this.#together);
    this.#together = Math.min(this.#together, time);
    this.#stretch = slow ? Math.min(MOST_ALONE, 2 * this.#stretch || 1) : 0;
    this.#left = this.#stretch;
  }
}
