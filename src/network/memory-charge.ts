import type { Budget } from './budget.ts';

/** Memory is charged in steps of this size. */
const STEP_BYTES = 64 << 10;

/** The memory that one stream holds, charged to its peer's budget in steps: what is small costs nothing to count. */
export class MemoryCharge {
  readonly #budget: Budget | undefined;
  readonly #steps: (() => void)[] = [];
  #held = 0;

  /** Without a budget nothing is charged: a node's streams to itself. */
  constructor(budget?: Budget) {
    this.#budget = budget;
  }

  /** Counts more, or less where `bytes` is negative. Throws BUDGET_EXCEEDED. */
  add(bytes: number): void {
    this.#held += bytes;
    while (this.#steps.length > 0 && this.#held <= this.#steps.length * STEP_BYTES) this.#steps.pop()!();
    if (!this.#budget) return;
    while (this.#held > (this.#steps.length + 1) * STEP_BYTES)
      this.#steps.push(this.#budget.hold(STEP_BYTES, 0));
  }

  /** Gives back all of it: the stream is gone. */
  clear(): void {
    this.add(-this.#held);
  }
}
