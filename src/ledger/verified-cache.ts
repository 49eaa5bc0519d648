import { dropOldest, toHex } from '#base';

/**
 * Ids of what was verified and stays valid: transactions whose spend proofs hold on this chain, so that a block of transactions
 * from the mempool need not be verified again (outputs never change), and evidence. The oldest entries are evicted.
 */
export class VerifiedCache {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  /** @param limit maximum number of ids held */
  constructor(limit = 65_536) {
    this.#limit = limit;
  }

  add(id: Uint8Array): void {
    this.#ids.add(toHex(id));
    dropOldest(this.#ids, this.#limit);
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(toHex(id));
  }
}
