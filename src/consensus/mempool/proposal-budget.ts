/** A block that takes longer to judge holds too much that had not been verified before. */
const SLOW_MS = 200;
const FIRST = 16;
const STEP = 4;
const MOST = 4_096;

/**
 * How many transactions a block of ours may hold that others have hardly verified yet: they would have to do it before
 * they vote. As TCP does with its window: halved by each block of somebody else that took us long to judge, a few more
 * after each that did not, as long as what there is gets used up.
 */
export class ProposalBudget {
  #budget = FIRST;
  #usedUp = false;

  /** For one block: takes one of the budget, while there is some. */
  spender(): () => boolean {
    let left = this.#budget;
    this.#usedUp = false;
    return () => {
      if (left > 0) return left-- > 0;
      this.#usedUp = true;
      return false;
    };
  }

  learn(judgedMs: number): void {
    if (judgedMs > SLOW_MS) this.#budget = Math.ceil(this.#budget / 2);
    else if (this.#usedUp) this.#budget = Math.min(MOST, this.#budget + STEP);
  }
}
