/** Consecutive empty blocks before the next one waits for transactions. */
const BLOCKS_BEFORE_REST = 30;
/** The first transaction of every block is its proposer's beacon proof. */
const OWN_TRANSACTIONS = 1;

/**
 * Slows an idle chain down. After a block with transactions it keeps full speed for a while, because received money
 * becomes spendable some blocks later.
 */
export class IdlePause {
  readonly #ms: number;
  readonly #anyWaits: () => boolean;
  #empty = 0;

  /**
   * @param ms how long the next block waits for a transaction; 0: not at all
   * @param anyWaits whether a transaction can be proposed
   */
  constructor(ms: number, anyWaits: () => boolean) {
    this.#ms = ms;
    this.#anyWaits = anyWaits;
  }

  /** Call it after each decided block. */
  note(transactions: readonly unknown[]): void {
    this.#empty = transactions.length > OWN_TRANSACTIONS ? 0 : this.#empty + 1;
  }

  /** How long the next block may wait now, in ms. */
  get ms(): number {
    return this.#empty >= BLOCKS_BEFORE_REST && !this.#anyWaits() ? this.#ms : 0;
  }
}
