/** So many blocks without a transaction come one after the other before the next one waits for some. */
const BLOCKS_BEFORE_REST = 30;
/** A block's first transaction is its proposer's part of the beacon. */
const OWN_TRANSACTIONS = 1;

/**
 * When a chain that nobody uses may slow down. After a block with transactions it goes on at its full pace for a while, since
 * money that was paid can be spent some blocks later.
 */
export class Rest {
  readonly #ms: number;
  readonly #anyWaits: () => boolean;
  #empty = 0;

  /**
   * @param ms how long the next block waits for a transaction; 0: not at all
   * @param anyWaits whether there is a transaction to be proposed
   */
  constructor(ms: number, anyWaits: () => boolean) {
    this.#ms = ms;
    this.#anyWaits = anyWaits;
  }

  /** A block has been decided. */
  note(transactions: readonly unknown[]): void {
    this.#empty = transactions.length > OWN_TRANSACTIONS ? 0 : this.#empty + 1;
  }

  /** How long the next block may wait now, in ms. */
  get ms(): number {
    return this.#empty >= BLOCKS_BEFORE_REST && !this.#anyWaits() ? this.#ms : 0;
  }
}
