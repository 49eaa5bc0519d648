import type { Budget } from './budget.ts';

/** Granularity of charges. */
const STEP_BYTES = 64 << 10;

/** The memory that one stream holds, charged to its peer's budget in steps, so that small streams need no bookkeeping. */
export class MemoryCharge {
  readonly #budget: Budget | undefined;
  readonly #steps: (() => void)[] = [];
  #held = 0;

  /** Without a budget nothing is charged: streams of a node to itself. */
  constructor(budget?: Budget) {
    this.#budget = budget;
  }

  /** Adds to the memory held, or subtracts when `bytes` is negative. Throws BUDGET_EXCEEDED. */
  add(bytes: number): void {
    this.#held += bytes;
    while (this.#steps.length > 0 && this.#held <= this.#steps.length * STEP_BYTES) this.#steps.pop()!();
    if (!this.#budget) return;
    while (this.#held > (this.#steps.length + 1) * STEP_BYTES)
      this.#steps.push(this.#budget.hold(STEP_BYTES, 0));
  }

  /** Releases everything, at the end of the stream. */
  clear(): void {
    this.add(-this.#held);
  }
}
