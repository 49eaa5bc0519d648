import { availableParallelism } from 'node:os';
import { BitorchError, type ErrorCode, toHex } from '#base';
import { MAX_TRANSACTION_BYTES, Mempool } from '#ledger';
import type { Application, CheckTxResult } from '../application/index.ts';
import { ACCEPTED, refusedFor } from '../application/index.ts';
import { FairQueue } from './fair-queue.ts';

export interface PoolOptions {
  /** Bytes of transactions that are being checked or wait for it: of one source, and of all but this node itself. */
  readonly maxUncheckedOfOne?: number;
  readonly maxUnchecked?: number;
  /** Transactions that the application is asked about at once: what a block needs checked waits behind them. */
  readonly maxChecking?: number;
}

export type PoolAnswer = CheckTxResult;

/** What the application needs to have for the pool. */
export type PoolApplication = Pick<Application, 'checkTx' | 'waiting'>;

const INCLUDED_KEPT = 20_000;

/** Where a transaction comes from that was handed in at this node. */
const HERE = 'here';

const TAKEN: CheckTxResult = { ...ACCEPTED, priority: 0 };
const refused = (code: ErrorCode, message: string): CheckTxResult => ({
  ...refusedFor(new BitorchError(code, message)),
  priority: 0,
});

/**
 * The way of transactions into the application's pool, which alone decides what waits: by the sha256 of their bytes, each
 * checked once, the sources in turns.
 */
export class TransactionPool {
  readonly #application: PoolApplication;
  readonly #limits: Required<PoolOptions>;
  readonly #unchecked = new Map<string, Promise<CheckTxResult>>();
  readonly #uncheckedBytes = new Map<string, number>();
  readonly #queue = new FairQueue<() => Promise<void>>();
  #checking = 0;
  /** Of late blocks: peers go on offering them for a moment. */
  readonly #included = new Set<string>();

  constructor(options: PoolOptions, dependencies: { application: PoolApplication }) {
    const maxChecking = 2 * availableParallelism();
    this.#limits = { maxUncheckedOfOne: 2 << 20, maxUnchecked: 32 << 20, maxChecking, ...options };
    this.#application = dependencies.application;
  }

  static idOf(transaction: Uint8Array): Uint8Array {
    return Mempool.idOf(transaction);
  }

  get size(): number {
    return this.#application.waiting.size;
  }

  get bytes(): number {
    return this.#application.waiting.bytes;
  }

  /** Whether it waits, is being checked, or was in a late block: it need not be fetched. */
  has(id: Uint8Array): boolean {
    return this.#isDone(id) || this.#unchecked.has(toHex(id));
  }

  get(id: Uint8Array): Uint8Array | undefined {
    return this.#application.waiting.get(id);
  }

  /** Best paid first; to be read at once. */
  ids(): Iterable<Uint8Array> {
    return this.#application.waiting.ids();
  }

  /**
   * What `add` answers without asking the application; undefined when it has to. `CODEC_INVALID` for one that is too long,
   * `POOL_BUSY` while too much of the source waits to be checked.
   */
  precheck(transaction: Uint8Array, source = HERE): CheckTxResult | undefined {
    if (transaction.length > MAX_TRANSACTION_BYTES)
      return refused('CODEC_INVALID', `a transaction of ${transaction.length} bytes is too long`);
    if (this.#isDone(TransactionPool.idOf(transaction))) return TAKEN;
    const { maxUncheckedOfOne, maxUnchecked } = this.#limits;
    const ofSource = (this.#uncheckedBytes.get(source) ?? 0) + transaction.length;
    const others = [...this.#uncheckedBytes].reduce(
      (sum, [of, bytes]) => (of === HERE ? sum : sum + bytes),
      0,
    );
    if (ofSource <= maxUncheckedOfOne && (source === HERE || others + transaction.length <= maxUnchecked))
      return undefined;
    return refused('POOL_BUSY', 'too many transactions at once: hand it in again in a moment');
  }

  /**
   * Takes a transaction in when the application does; code 0 when it is (or was) taken, else one of `codes.ts`. Sources
   * are served in turns.
   */
  async add(transaction: Uint8Array, source = HERE): Promise<CheckTxResult> {
    const id = TransactionPool.idOf(transaction);
    const name = toHex(id);
    const running = this.#unchecked.get(name);
    if (running) return running;
    const known = this.precheck(transaction, source);
    if (known) return known;
    const { promise, resolve, reject } = Promise.withResolvers<CheckTxResult>();
    const check = promise.finally(() => {
      this.#unchecked.delete(name);
      this.#count(source, -transaction.length);
    });
    this.#unchecked.set(name, check);
    this.#count(source, transaction.length);
    this.#queue.add(source, () => this.#check(name, transaction).then(resolve, reject));
    this.#checkNext();
    return check;
  }

  /** After each block: remembers what it held. */
  update(included: readonly Uint8Array[]): void {
    for (const transaction of included) {
      this.#included.add(toHex(TransactionPool.idOf(transaction)));
      if (this.#included.size > INCLUDED_KEPT) this.#included.delete(this.#included.values().next().value!);
    }
  }

  #checkNext(): void {
    while (this.#checking < this.#limits.maxChecking) {
      const check = this.#queue.next();
      if (!check) return;
      this.#checking++;
      check().finally(() => {
        this.#checking--;
        this.#checkNext();
      });
    }
  }

  async #check(name: string, transaction: Uint8Array): Promise<CheckTxResult> {
    if (this.#included.has(name)) return TAKEN;
    const answer = await this.#application.checkTx({ bytes: transaction });
    // A block may have taken it meanwhile: then its money is spent, and whoever sent it did nothing wrong.
    return answer.code !== 0 && this.#included.has(name) ? TAKEN : answer;
  }

  #isDone(id: Uint8Array): boolean {
    return this.#application.waiting.has(id) || this.#included.has(toHex(id));
  }

  #count(source: string, bytes: number): void {
    const now = (this.#uncheckedBytes.get(source) ?? 0) + bytes;
    if (now > 0) this.#uncheckedBytes.set(source, now);
    else this.#uncheckedBytes.delete(source);
  }
}
