import { toHex } from '#base';

/**
 * Transactions whose spend proofs hold on this chain: a block of transactions from the pool need not be verified
 * again. Outputs never change, so the verdict stays; the oldest are forgotten.
 */
export class VerifiedCache {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit = 65_536) {
    this.#limit = limit;
  }

  add(id: Uint8Array): void {
    this.#ids.add(toHex(id));
    if (this.#ids.size <= this.#limit) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(toHex(id));
  }
}
