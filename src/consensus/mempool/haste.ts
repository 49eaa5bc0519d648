/** A block that takes longer to judge holds too much that had not been verified before. */
const SLOW_MS = 200;
const MOST = 4_096;
const STEP = 4;

/**
 * How many transactions a block of ours may hold that others have hardly verified yet: they would have to do it before
 * they vote. Halved by each block that took us long to judge ourselves, a few more after each that did not.
 */
export class Haste {
  #budget = 16;

  get budget(): number {
    return this.#budget;
  }

  learn(judgedMs: number): void {
    this.#budget = judgedMs > SLOW_MS ? Math.ceil(this.#budget / 2) : Math.min(MOST, this.#budget + STEP);
  }
}
