/** A block that takes longer to verify, in ms, holds too many transactions that were not verified before. */
const SLOW_MS = 200;
const FIRST = 16;
const STEP = 4;
const MOST = 4_096;

/**
 * How many transactions a block of ours may hold that others have hardly verified yet: they must verify them before
 * they vote. Adapts like a TCP window: halved by each block of another proposer that took us long to verify, and
 * slightly increased by each that did not, while the budget is used up.
 */
export class ProposalBudget {
  #budget = FIRST;
  #usedUp = false;

  /** For one block: takes one from the budget while any is left. */
  spender(): () => boolean {
    let left = this.#budget;
    this.#usedUp = false;
    return () => {
      if (left > 0) return left-- > 0;
      this.#usedUp = true;
      return false;
    };
  }

  noteVerified(verifiedMs: number): void {
    if (verifiedMs > SLOW_MS) this.#budget = Math.ceil(this.#budget / 2);
    else if (this.#usedUp) this.#budget = Math.min(MOST, this.#budget + STEP);
  }
}
