import { availableParallelism } from 'node:os';
import { sha256, toHex } from '#base';
import type { Application, CheckTxResult } from '../application/index.ts';
import { Turns } from './turns.ts';

export interface PoolOptions {
  readonly maxCount?: number;
  readonly maxBytes?: number;
  /** Transactions being checked and waiting for it, at most. */
  readonly maxUnchecked?: number;
  /** Transactions that the application is asked about at once: what a block needs checked waits behind them. */
  readonly maxChecking?: number;
}

/** The pool refuses before the application is asked. */
export type PoolAnswer = CheckTxResult | { readonly code: -1; readonly log: string };

/** Transactions looked at again after each block: all of them, in their turn. */
const RECHECKED = 100;
const INCLUDED_KEPT = 20_000;

/** Where a transaction comes from that was handed in at this node. */
const HERE = 'here';

const TAKEN: PoolAnswer = { code: 0, log: '', priority: 0 };
const refused = (log: string): PoolAnswer => ({ code: -1, log });

/**
 * Transactions that wait for a block, by the sha256 of their bytes: what is offered to peers. The application judges them,
 * once when they come and again after each block.
 */
export class TransactionPool {
  readonly #application: Application;
  readonly #limits: Required<PoolOptions>;
  readonly #waiting = new Map<string, Uint8Array>();
  readonly #unchecked = new Map<string, Promise<PoolAnswer>>();
  readonly #turns = new Turns<() => Promise<void>>();
  #checking = 0;
  /** Of late blocks: peers go on offering them for a moment. */
  readonly #included = new Set<string>();
  #bytes = 0;

  constructor(options: PoolOptions, dependencies: { application: Application }) {
    const maxChecking = 2 * availableParallelism();
    this.#limits = { maxCount: 20_000, maxBytes: 64 << 20, maxUnchecked: 2_000, maxChecking, ...options };
    this.#application = dependencies.application;
  }

  static idOf(transaction: Uint8Array): Uint8Array {
    return sha256(transaction);
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: Uint8Array): boolean {
    const name = toHex(id);
    return this.#waiting.has(name) || this.#unchecked.has(name) || this.#included.has(name);
  }

  get(id: Uint8Array): Uint8Array | undefined {
    return this.#waiting.get(toHex(id));
  }

  ids(): Uint8Array[] {
    return [...this.#waiting.keys()].map((name) => new Uint8Array(Buffer.from(name, 'hex')));
  }

  /** Takes a transaction in when the application does; code 0 when it is (or was) taken. Sources are served in turns. */
  async add(transaction: Uint8Array, source = HERE): Promise<PoolAnswer> {
    const name = toHex(TransactionPool.idOf(transaction));
    if (this.#waiting.has(name) || this.#included.has(name)) return TAKEN;
    const running = this.#unchecked.get(name);
    if (running) return running;
    if (this.#unchecked.size >= this.#limits.maxUnchecked) return refused('too many transactions at once');
    const { promise, resolve, reject } = Promise.withResolvers<PoolAnswer>();
    const check = promise.finally(() => this.#unchecked.delete(name));
    this.#unchecked.set(name, check);
    this.#turns.add(source, () => this.#check(name, transaction).then(resolve, reject));
    this.#checkNext();
    return check;
  }

  #checkNext(): void {
    while (this.#checking < this.#limits.maxChecking) {
      const check = this.#turns.next();
      if (!check) return;
      this.#checking++;
      check().finally(() => {
        this.#checking--;
        this.#checkNext();
      });
    }
  }

  /** After each block: what it held goes, and of the others, the longest waiting first, what the application wants no more. */
  async update(included: readonly Uint8Array[]): Promise<void> {
    for (const transaction of included) this.#include(toHex(TransactionPool.idOf(transaction)));
    for (const [name, bytes] of [...this.#waiting].slice(0, RECHECKED)) {
      this.#waiting.delete(name);
      this.#waiting.set(name, bytes);
      const { code } = await this.#application.checkTx({ bytes, recheck: true });
      if (code !== 0) this.#remove(name);
    }
  }

  async #check(name: string, transaction: Uint8Array): Promise<PoolAnswer> {
    const { maxBytes, maxCount } = this.#limits;
    if (this.#included.has(name)) return TAKEN;
    const answer = await this.#application.checkTx({ bytes: transaction });
    // A block may have taken it meanwhile: then its money is spent, and whoever sent it did nothing wrong.
    if (answer.code !== 0) return this.#included.has(name) ? TAKEN : answer;
    if (this.#waiting.size >= maxCount || this.#bytes + transaction.length > maxBytes)
      return refused('the pool is full: try again when blocks have taken some');
    this.#waiting.set(name, transaction);
    this.#bytes += transaction.length;
    return answer;
  }

  #include(name: string): void {
    this.#remove(name);
    this.#included.add(name);
    if (this.#included.size > INCLUDED_KEPT) this.#included.delete(this.#included.values().next().value!);
  }

  #remove(name: string): void {
    this.#bytes -= this.#waiting.get(name)?.length ?? 0;
    this.#waiting.delete(name);
  }
}
