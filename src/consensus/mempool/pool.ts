import { availableParallelism } from 'node:os';
import { BitorchError, dropOldest, type ErrorCode, toHex } from '#base';
import { MAX_TRANSACTION_BYTES, Mempool } from '#ledger';
import type { Application, CheckTxResult } from '../application/index.ts';
import { ACCEPTED, refusedFor } from '../application/index.ts';
import { FairQueue } from './fair-queue.ts';

export interface PoolOptions {
  /** Bytes of transactions that are being checked or wait for it: of one source, and of all except this node. */
  readonly maxUncheckedOfOne?: number;
  readonly maxUnchecked?: number;
  /** Transactions that the application checks at once: the checks of a proposed block wait behind them. */
  readonly maxChecking?: number;
}

/** What the pool needs of the application. */
export type PoolApplication = Pick<Application, 'checkTx' | 'waiting'>;

const INCLUDED_KEPT = 20_000;

/** Source of transactions submitted at this node. */
const HERE = 'here';

const TAKEN: CheckTxResult = { ...ACCEPTED, priority: 0 };
const refused = (code: ErrorCode, message: string): CheckTxResult => ({
  ...refusedFor(new BitorchError(code, message)),
  priority: 0,
});

/**
 * Admits transactions to the application's pool, which alone decides what waits. Each is checked once, by the
 * SHA-256 of its bytes; sources are served in turn.
 */
export class TransactionPool {
  readonly #application: PoolApplication;
  readonly #limits: Required<PoolOptions>;
  readonly #unchecked = new Map<string, Promise<CheckTxResult>>();
  readonly #uncheckedBytes = new Map<string, number>();
  readonly #queue = new FairQueue<() => Promise<void>>();
  #checking = 0;
  /** Of recent blocks: peers offer them a moment longer. */
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

  /** Whether it is waiting, being checked, or in a recent block: no need to fetch it. */
  has(id: Uint8Array): boolean {
    return this.#isDone(id) || this.#unchecked.has(toHex(id));
  }

  get(id: Uint8Array): Uint8Array | undefined {
    return this.#application.waiting.get(id);
  }

  /** Highest fee rate first; read at once. */
  ids(): Iterable<Uint8Array> {
    return this.#application.waiting.ids();
  }

  /**
   * The result of `add` if the application need not be asked; else undefined. `CODEC_INVALID` when it is too long,
   * `POOL_BUSY` while too many bytes of the source wait to be checked.
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
    return refused('POOL_BUSY', 'too many transactions at once: submit it again in a moment');
  }

  /**
   * Adds a transaction if the application accepts it. Code 0 when it is (or was) accepted, else one of `codes.ts`.
   * Sources are served in turn.
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

  /** Remembers a block's transactions; call it after each block. */
  update(included: readonly Uint8Array[]): void {
    for (const transaction of included) {
      this.#included.add(toHex(TransactionPool.idOf(transaction)));
      dropOldest(this.#included, INCLUDED_KEPT);
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
    // A block may have included it meanwhile: its inputs are spent then, and the sender did nothing wrong.
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
