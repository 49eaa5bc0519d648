import { BitorchError } from '#base';
import { type Codec, type Decoded, fixed, integer, stored, struct } from '#ledger';
import { Bucket, type Change, Overlay, orderedNumber, type ReadView, rawBytes, type Store } from '#store';
import {
  type Block,
  blockId,
  type Commit,
  commitCodec,
  decodeBlock,
  encodeBlock,
  headerCodec,
  type ValidatorSet,
  validatorSetCodec,
} from '../blocks/index.ts';
import { HASH_BYTES } from '../constants.ts';

const summaryCodec = struct({
  header: headerCodec,
  /** Round in which it was decided. */
  round: integer(),
  transactions: integer(),
  bytes: integer(),
  /** The application's state after it. */
  appHash: fixed(HASH_BYTES),
});

/** What is kept at hand of a block. */
export type BlockSummary = Decoded<typeof summaryCodec> & { readonly id: Uint8Array };

const byHeight = <T>(tag: number, codec: Codec<T>) => new Bucket(tag, orderedNumber, stored(codec));

const blocks = new Bucket(1, orderedNumber, rawBytes);
const commits = byHeight(2, commitCodec);
const summaries = byHeight(3, summaryCodec);
/** Who votes at a height: known two heights ahead. */
const validatorSets = byHeight(4, validatorSetCodec);
/** Height of the application's state that the chain begins after: 0, or that of the snapshot it was begun from. */
const bases = new Bucket(5, orderedNumber, stored(struct({ height: integer(), appHash: fixed(HASH_BYTES) })));

const BY_HEIGHT = [blocks, commits, summaries, validatorSets];

/** A decided block with all that follows from it, written at once. */
export interface Decided {
  readonly block: Block;
  readonly commit: Commit;
  /** After the block. */
  readonly appHash: Uint8Array;
  /** Who votes two heights later. */
  readonly validators: ValidatorSet;
}

/** Blocks pruned in one commit: a long chain must not stop the node for seconds. */
const PRUNE_BATCH = 100;

/** Decided blocks, what decided them, and who voted, by height. */
export class ChainStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Height of the last block; that of the beginning when there is none; −1 before `begin`. */
  get height(): number {
    return lastKey(summaries, this.#store) ?? this.#base?.height ?? -1;
  }

  /** Height of the first block that is still here; above `height` when there is none. */
  get base(): number {
    const [first] = blocks.entries(this.#store);
    return first?.[0] ?? this.height + 1;
  }

  /** Begins a chain with the genesis and the sets of the first two heights; what was here before is dropped. */
  begin(appHash: Uint8Array, validators: readonly [ValidatorSet, ValidatorSet]): void {
    this.#commit((draft) => {
      this.#clear(draft);
      bases.put(draft, 0, { height: 0, appHash });
      for (const [i, set] of validators.entries()) validatorSets.put(draft, 1 + i, set);
    });
  }

  /** Begins after a snapshot: with the last header before, what decided it, and the sets of its height and two more. */
  beginAfter(
    summary: BlockSummary,
    commit: Commit,
    sets: readonly [ValidatorSet, ValidatorSet, ValidatorSet],
  ): void {
    const { height } = summary.header;
    this.#commit((draft) => {
      this.#clear(draft);
      bases.put(draft, 0, { height, appHash: summary.appHash });
      summaries.put(draft, height, summary);
      commits.put(draft, height, commit);
      for (const [i, set] of sets.entries()) validatorSets.put(draft, height + i, set);
    });
  }

  /** Durable when it returns. Throws HEIGHT_WRONG for a block that does not follow. */
  append({ block, commit, appHash, validators }: Decided): void {
    const { height } = block.header;
    if (height !== this.height + 1) {
      throw new BitorchError('HEIGHT_WRONG', `block ${height} does not follow block ${this.height}`);
    }
    const bytes = encodeBlock(block);
    const { header, transactions } = block;
    this.#commit((draft) => {
      blocks.put(draft, height, bytes);
      commits.put(draft, height, commit);
      const counts = { transactions: transactions.length, bytes: bytes.length };
      summaries.put(draft, height, { header, round: commit.round, ...counts, appHash });
      validatorSets.put(draft, height + 2, validators);
    });
  }

  block(height: number): Block | undefined {
    const bytes = this.blockBytes(height);
    return bytes && decodeBlock(bytes);
  }

  blockBytes(height: number): Uint8Array | undefined {
    return blocks.get(this.#store, height);
  }

  /** What decided the block of this height, as this node saw it. */
  commit(height: number): Commit | undefined {
    return commits.get(this.#store, height);
  }

  summary(height: number): BlockSummary | undefined {
    const summary = summaries.get(this.#store, height);
    return summary && { ...summary, id: blockId(summary.header) };
  }

  /** The application's state after a height. */
  appHash(height: number): Uint8Array | undefined {
    const base = this.#base;
    return base?.height === height ? base.appHash : summaries.get(this.#store, height)?.appHash;
  }

  validators(height: number): ValidatorSet | undefined {
    return validatorSets.get(this.#store, height);
  }

  /** Lets blocks below a height go, some at a time, and with them what was kept of these heights. */
  prune(below: number): void {
    this.#commit((draft) => {
      let left = PRUNE_BATCH;
      for (const [height] of summaries.entries(this.#store, { from: 0, to: below })) {
        if (left-- === 0) return;
        for (const bucket of BY_HEIGHT) bucket.delete(draft, height);
      }
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  get #base() {
    return bases.get(this.#store, 0);
  }

  #clear(draft: Overlay): void {
    for (const bucket of BY_HEIGHT) {
      for (const [height] of bucket.entries(this.#store)) bucket.delete(draft, height);
    }
  }

  #commit(change: (draft: Overlay) => void): void {
    const draft = new Overlay(this.#store);
    change(draft);
    const changes: Change[] = draft.changes();
    if (changes.length > 0) this.#store.commit(changes);
  }
}

function lastKey<T>(bucket: Bucket<number, T>, view: ReadView): number | undefined {
  const [last] = bucket.entries(view, { reverse: true });
  return last?.[0];
}
