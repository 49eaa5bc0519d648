import { BitorchError } from '#base';
import type { Curve } from '#crypto';
import type { Change, ReadView, Snapshot, Store } from '#store';
import { type Head, heads } from './buckets.ts';
import {
  applyBlock,
  type Block,
  type BlockExecution,
  type BlockResult,
  type BlockRules,
  executeBlock,
} from './state/block.ts';
import { applyGenesis, type Genesis } from './state/genesis.ts';
import { ringSpends, type SpendRules } from './state/spending.ts';
import { parseTransaction, type Transaction } from './transaction/transaction.ts';
import { VerifiedCache } from './verified-cache.ts';

export interface LedgerOptions {
  readonly store: Store;
  readonly curve: Curve;
  /** How spends are verified. Default: ring signatures and range proofs; tests can pass cheaper rules. */
  readonly spends?: SpendRules;
}

/** The ledger of one chain in a store: reads the state and applies blocks to it. */
export class Ledger {
  readonly verified = new VerifiedCache();
  readonly curve: Curve;
  readonly spends: SpendRules;
  readonly #store: Store;

  private constructor({ store, curve, spends }: LedgerOptions) {
    this.#store = store;
    this.curve = curve;
    this.spends = spends ?? ringSpends(curve);
  }

  /** Writes the genesis into an empty store. Throws LEDGER_EXISTS when the store already holds a chain. */
  static create(genesis: Genesis, options: LedgerOptions): Ledger {
    if (heads.has(options.store, 0)) {
      throw new BitorchError(
        'LEDGER_EXISTS',
        'the store already holds a chain: open it, or use another store',
      );
    }
    options.store.commit(applyGenesis(genesis, options.curve).changes);
    return new Ledger(options);
  }

  /** Opens the chain in the store. Throws LEDGER_MISSING when the store is empty. */
  static open(options: LedgerOptions): Ledger {
    if (!heads.has(options.store, 0)) {
      throw new BitorchError(
        'LEDGER_MISSING',
        'the store holds no chain: create one from a genesis, or sync',
      );
    }
    return new Ledger(options);
  }

  get head(): Head {
    return heads.get(this.#store, 0)!;
  }

  /** A live view of the state after the last block. */
  get state(): ReadView {
    return this.#store;
  }

  /** A stable view of the state after the last block; close it after use. */
  snapshot(): Snapshot {
    return this.#store.snapshot();
  }

  parse(bytes: Uint8Array): Transaction {
    return parseTransaction(bytes, this.curve);
  }

  /**
   * Applies a block without writing the result. Verifies the spend proofs for which `isVerified` is false, and evidence with
   * `proves`. Throws BLOCK_INVALID or TRANSACTION_INVALID when the block or a transaction breaks a rule.
   */
  apply(
    block: Block,
    {
      isVerified = (id) => this.verified.has(id),
      proves,
    }: Partial<Pick<BlockRules, 'isVerified' | 'proves'>> = {},
  ): BlockResult {
    return applyBlock(this.#store, block, { curve: this.curve, spends: this.spends, isVerified, proves });
  }

  /**
   * Executes a decided block without writing the result. Transactions that break a rule are skipped, and so are those with spend
   * proofs for which `isVerified` is false. Throws BLOCK_INVALID when the block does not follow the head.
   */
  execute(block: Block, isVerified: BlockRules['isVerified']): BlockExecution {
    return executeBlock(this.#store, block, { curve: this.curve, spends: this.spends, isVerified });
  }

  /**
   * Commits a result of `apply` or `execute`, and the changes `beside` it, atomically. Throws BLOCK_INVALID when the result does
   * not follow the head.
   */
  commit(result: BlockResult, beside: readonly Change[] = []): void {
    if (result.height !== this.head.height + 1) {
      throw new BitorchError('BLOCK_INVALID', `block ${result.height} was applied to another state`);
    }
    this.#store.commit([...result.changes, ...beside]);
  }
}
