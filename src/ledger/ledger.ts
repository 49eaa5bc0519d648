import { BitorchError } from '#base';
import type { Curve } from '#crypto';
import type { Change, ReadView, Snapshot, Store } from '#store';
import {
  applyBlock,
  type Block,
  type BlockExecution,
  type BlockResult,
  type BlockRules,
  executeBlock,
} from './state/block.ts';
import { type Head, heads } from './state/buckets.ts';
import { applyGenesis, type Genesis } from './state/genesis.ts';
import { ringSpends, type SpendRules } from './state/spending.ts';
import { parseTransaction, type Transaction } from './transaction/transaction.ts';
import { VerifiedCache } from './verified-cache.ts';

export interface LedgerOptions {
  readonly store: Store;
  readonly curve: Curve;
  /** How spends are verified; ring signatures and range proofs unless a test says otherwise. */
  readonly spends?: SpendRules;
}

/** The ledger of one chain in a store: reads it, and moves it on block by block. */
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

  /** Writes the genesis into an empty store. Throws LEDGER_EXISTS when there is a chain in it. */
  static create(genesis: Genesis, options: LedgerOptions): Ledger {
    if (heads.has(options.store, 0)) {
      throw new BitorchError(
        'LEDGER_EXISTS',
        'the store holds a chain already: open it, or take another store',
      );
    }
    options.store.commit(applyGenesis(genesis, options.curve).changes);
    return new Ledger(options);
  }

  /** Throws LEDGER_MISSING when the store is empty. */
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

  /** The state after the last block, as it is at each read. */
  get state(): ReadView {
    return this.#store;
  }

  /** The state after the last block for as long as it is held open. */
  snapshot(): Snapshot {
    return this.#store.snapshot();
  }

  parse(bytes: Uint8Array): Transaction {
    return parseTransaction(bytes, this.curve);
  }

  /**
   * What the block would do. Writes nothing. Of the spend proofs those are verified that `isVerified` does not know. Throws
   * BLOCK_INVALID or TRANSACTION_INVALID.
   */
  apply(block: Block, isVerified: BlockRules['isVerified'] = (id) => this.verified.has(id)): BlockResult {
    return applyBlock(this.#store, block, { curve: this.curve, spends: this.spends, isVerified });
  }

  /**
   * What a decided block does, without the transactions that break a rule; of those with spend proofs only the ones
   * that `isVerified` knows count. Writes nothing. Throws BLOCK_INVALID.
   */
  execute(block: Block, isVerified: BlockRules['isVerified']): BlockExecution {
    return executeBlock(this.#store, block, { curve: this.curve, spends: this.spends, isVerified });
  }

  /** Makes a result of `apply` or `execute` the state, and writes `beside` with it: all or nothing. */
  commit(result: BlockResult, beside: readonly Change[] = []): void {
    if (result.height !== this.head.height + 1) {
      throw new BitorchError('BLOCK_INVALID', `block ${result.height} was applied to another state`);
    }
    this.#store.commit([...result.changes, ...beside]);
  }
}
