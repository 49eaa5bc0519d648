import { BitorchError, concat, equalBytes, toHex } from '#base';
import { type Codec, type Decoded, encode, fixed, integer, stored, struct } from '#ledger';
import { Bucket, type Change, Overlay, orderedNumber, type ReadView, rawBytes, type Store } from '#store';
import {
  type Block,
  blockBodyCodec,
  blockHeadCodec,
  blockId,
  type Commit,
  commitCodec,
  decodeBlock,
  encodeBlock,
  type Header,
  type Member,
  membersCodec,
  referenceTo,
  setReferenceCodec,
  ValidatorSet,
} from '../blocks/index.ts';
import { HASH_BYTES } from '../constants.ts';

const recordCodec = struct({
  /** Round in which it was decided. */
  round: integer(),
  transactions: integer(),
  bytes: integer(),
  /** The application's state after it. */
  appHash: fixed(HASH_BYTES),
});

/** What is kept at hand of a block. */
export type BlockSummary = Decoded<typeof recordCodec> & { readonly header: Header; readonly id: Uint8Array };

const byHeight = <T>(tag: number, codec: Codec<T>) => new Bucket(tag, orderedNumber, stored(codec));

/** Where a block's bytes are cut: the commit in its head is asked for more often than its transactions. */
const heads = byHeight(1, blockHeadCodec);
const bodies = new Bucket(2, orderedNumber, rawBytes);
const records = byHeight(3, recordCodec);
/** Of the last block only: what decided an earlier one is in the head of the block after it. */
const commits = byHeight(4, commitCodec);
/** Who votes at a height: known two heights ahead. */
const sets = byHeight(5, setReferenceCodec);
/** By hash: they are the same at most heights. */
const members = new Bucket(6, rawBytes, stored(membersCodec));
/** Height of the application's state that the chain begins after: 0, or that of the snapshot it was begun from. */
const bases = new Bucket(7, orderedNumber, stored(struct({ height: integer(), appHash: fixed(HASH_BYTES) })));

const BY_HEIGHT = [heads, bodies, records, commits, sets];

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
    return lastKey(records, this.#store) ?? this.#base?.height ?? -1;
  }

  /** Height of the first block that is still here; above `height` when there is none. */
  get base(): number {
    const [first] = bodies.entries(this.#store);
    return first?.[0] ?? this.height + 1;
  }

  /** Begins a chain with the genesis and the sets of the first two heights; what was here before is dropped. */
  begin(appHash: Uint8Array, validators: readonly [ValidatorSet, ValidatorSet]): void {
    this.#commit((draft) => {
      this.#clear(draft);
      bases.put(draft, 0, { height: 0, appHash });
      for (const [i, set] of validators.entries()) putSet(draft, 1 + i, set);
    });
  }

  /** Begins after a snapshot: with the last header before, what decided it, and the sets of its height and two more. */
  beginAfter(
    summary: BlockSummary,
    commit: Commit,
    validators: readonly [ValidatorSet, ValidatorSet, ValidatorSet],
  ): void {
    const { header, ...record } = summary;
    const { height } = header;
    this.#commit((draft) => {
      this.#clear(draft);
      bases.put(draft, 0, { height, appHash: summary.appHash });
      heads.put(draft, height, { header, lastCommit: undefined });
      records.put(draft, height, record);
      commits.put(draft, height, commit);
      for (const [i, set] of validators.entries()) putSet(draft, height + i, set);
    });
  }

  /** Durable when it returns. Throws HEIGHT_WRONG for a block that does not follow. */
  append({ block, commit, appHash, validators }: Decided): void {
    const { height } = block.header;
    if (height !== this.height + 1) {
      throw new BitorchError('HEIGHT_WRONG', `block ${height} does not follow block ${this.height}`);
    }
    const { length } = encodeBlock(block);
    const { header, lastCommit, transactions } = block;
    this.#commit((draft) => {
      heads.put(draft, height, { header, lastCommit });
      bodies.put(draft, height, encode(blockBodyCodec, { transactions }));
      const counts = { transactions: transactions.length, bytes: length };
      records.put(draft, height, { round: commit.round, ...counts, appHash });
      commits.put(draft, height, commit);
      commits.delete(draft, height - 1);
      putSet(draft, height + 2, validators);
    });
  }

  block(height: number): Block | undefined {
    const bytes = this.blockBytes(height);
    return bytes && decodeBlock(bytes);
  }

  blockBytes(height: number): Uint8Array | undefined {
    const head = heads.get(this.#store, height);
    const body = bodies.get(this.#store, height);
    return head && body && concat([encode(blockHeadCodec, head), body]);
  }

  /** What decided the block of this height: as the block after it says, or for the last one as this node saw it. */
  commit(height: number): Commit | undefined {
    return commits.get(this.#store, height) ?? heads.get(this.#store, height + 1)?.lastCommit;
  }

  summary(height: number): BlockSummary | undefined {
    const record = records.get(this.#store, height);
    const head = heads.get(this.#store, height);
    return record && head && { ...record, header: head.header, id: blockId(head.header) };
  }

  /** The application's state after a height. */
  appHash(height: number): Uint8Array | undefined {
    const base = this.#base;
    return base?.height === height ? base.appHash : records.get(this.#store, height)?.appHash;
  }

  validators(height: number): ValidatorSet | undefined {
    const reference = sets.get(this.#store, height);
    return reference && ValidatorSet.join(this.members(reference.members)!, reference.priorities);
  }

  /** The members that a set of some height here refers to. */
  members(hash: Uint8Array): readonly Member[] | undefined {
    return members.get(this.#store, hash);
  }

  /** Lets blocks below a height go, some at a time, and with them what was kept of these heights. */
  prune(below: number): void {
    this.#commit((draft) => {
      const old = [...records.entries(this.#store, { from: 0, to: below })].slice(0, PRUNE_BATCH);
      const left = new Map<string, Uint8Array>();
      for (const [height] of old) {
        const [used, next] = [height, height + 1].map((of) => sets.get(this.#store, of)?.members);
        if (used && next && !equalBytes(used, next)) left.set(toHex(used), used);
        for (const bucket of BY_HEIGHT) bucket.delete(draft, height);
      }
      if (left.size === 0) return;
      for (const [, { members: used }] of sets.entries(this.#store, { from: old.at(-1)![0] + 1 }))
        left.delete(toHex(used));
      for (const hash of left.values()) members.delete(draft, hash);
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
    for (const [hash] of members.entries(this.#store)) members.delete(draft, hash);
  }

  #commit(change: (draft: Overlay) => void): void {
    const draft = new Overlay(this.#store);
    change(draft);
    const changes: Change[] = draft.changes();
    if (changes.length > 0) this.#store.commit(changes);
  }
}

function putSet(draft: Overlay, height: number, set: ValidatorSet): void {
  sets.put(draft, height, referenceTo(set));
  if (!members.has(draft, set.membersHash)) members.put(draft, set.membersHash, set.validators);
}

function lastKey<T>(bucket: Bucket<number, T>, view: ReadView): number | undefined {
  const [last] = bucket.entries(view, { reverse: true });
  return last?.[0];
}
