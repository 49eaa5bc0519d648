import { fromHex, sha256, toHex } from '#base';
import type { CheckTxResult, WaitingTransactions } from '../../../src/consensus/application/index.ts';

/** Transactions that wait with a stand-in for the application, in the order in which they came. */
export class Waiting implements WaitingTransactions {
  readonly #all = new Map<string, Uint8Array>();

  get size(): number {
    return this.#all.size;
  }

  get bytes(): number {
    return [...this.#all.values()].reduce((sum, { length }) => sum + length, 0);
  }

  has(id: Uint8Array): boolean {
    return this.#all.has(toHex(id));
  }

  get(id: Uint8Array): Uint8Array | undefined {
    return this.#all.get(toHex(id));
  }

  ids(): Uint8Array[] {
    return [...this.#all.keys()].map(fromHex);
  }

  add(bytes: Uint8Array): void {
    this.#all.set(toHex(sha256(bytes)), bytes);
  }

  delete(bytes: Uint8Array): void {
    this.#all.delete(toHex(sha256(bytes)));
  }

  [Symbol.iterator](): Iterator<Uint8Array> {
    return this.#all.values();
  }
}

/** Takes whatever it is asked about. */
export function willingApplication() {
  const waiting = new Waiting();
  const checkTx = async ({ bytes }: { bytes: Uint8Array }): Promise<CheckTxResult> => {
    waiting.add(bytes);
    return { code: 0, log: '', priority: 0 };
  };
  return { waiting, checkTx };
}
