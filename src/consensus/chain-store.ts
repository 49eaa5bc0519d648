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
  type SetReference,
  setReferenceCodec,
  ValidatorSet,
  type Vote,
  type VoteGroup,
} from './blocks/index.ts';
import { HASH_BYTES } from './constants.ts';
import { archivedVotes, archiveVotes, pruneVotes, type StepVotes } from './vote-archive.ts';

const recordCodec = struct({
  /** Round in which it was decided. */
  round: integer(),
  transactions: integer(),
  bytes: integer(),
  /** App hash after it. */
  appHash: fixed(HASH_BYTES),
});

/** What is stored of a block beside its bytes. */
export type BlockSummary = Decoded<typeof recordCodec> & { readonly header: Header; readonly id: Uint8Array };

const byHeight = <T>(tag: number, codec: Codec<T>) => new Bucket(tag, orderedNumber, stored(codec));

/** A block is stored in two pieces: the commit in its head is read more often than its transactions. */
const heads = byHeight(1, blockHeadCodec);
const bodies = new Bucket(2, orderedNumber, rawBytes);
const records = byHeight(3, recordCodec);
/** The commit of the last block only; that of an earlier one is in the head of its successor. */
const commits = byHeight(4, commitCodec);
/**
 * The set that votes at a height, known two heights ahead. A set that only rotates the previous one is not stored
 * each time.
 */
const sets = byHeight(5, setReferenceCodec);
/** By hash: members are the same at most heights. */
const members = new Bucket(6, rawBytes, stored(membersCodec));
/** Height of the state that the chain starts after: 0, or that of the snapshot it was restored from. */
const bases = new Bucket(7, orderedNumber, stored(struct({ height: integer(), appHash: fixed(HASH_BYTES) })));

const BY_HEIGHT = [heads, bodies, records, commits];

/** A decided block and its results, written at once. */
export interface Decided {
  readonly block: Block;
  readonly commit: Commit;
  /** App hash after the block. */
  readonly appHash: Uint8Array;
  /** The set that votes two heights later. */
  readonly validators: ValidatorSet;
  /**
   * First votes of the height before that are not in the block's last commit. Written with the block after, because
   * votes still arrive while that one is decided.
   */
  readonly votesBefore?: readonly StepVotes[];
  /** Archived votes of heights below this one are no longer needed. */
  readonly votesFrom?: number;
}

/** At least one of this many consecutive sets is stored; the others follow from it by rotation. */
const SETS_EVERY = 4;

/** Blocks pruned per commit, so that pruning a long chain does not block the node for seconds. */
const PRUNE_BATCH = 100;

/** Decided blocks, their commits and validator sets, by height. */
export class ChainStore {
  readonly #store: Store;
  /** First and last height, which gossip reads for every message; undefined until read again after a write. */
  #range: { readonly base: number; readonly height: number } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Height of the last block, or of the starting state if there is none; −1 before `begin`. */
  get height(): number {
    return this.#heights.height;
  }

  /** Height of the first block stored; above `height` if there is none. */
  get base(): number {
    return this.#heights.base;
  }

  /**
   * Starts a chain with the app hash of the genesis and the sets of the first two heights; drops everything stored
   * before.
   */
  begin(appHash: Uint8Array, validators: readonly [ValidatorSet, ValidatorSet]): void {
    this.#commit((draft) => {
      this.#clear(draft);
      bases.put(draft, 0, { height: 0, appHash });
      for (const [i, set] of validators.entries()) putSet(draft, 1 + i, set);
    });
  }

  /**
   * Starts after a snapshot: with the last header before it, its commit, and the sets of its height and the next
   * two.
   */
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

  /** Durable on return. Throws HEIGHT_WRONG when the block does not follow the last one. */
  append({ block, commit, appHash, validators, votesBefore = [], votesFrom = 0 }: Decided): void {
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
      const turned = (height + 2) % SETS_EVERY !== 0 && this.validators(height + 1)?.next();
      if (!turned || !equalBytes(turned.hash, validators.hash)) putSet(draft, height + 2, validators);
      archiveVotes(draft, height - 1, votesBefore);
      pruneVotes(draft, votesFrom);
    });
  }

  /** The archived first votes of a step, beside those in the commit of its height. */
  votes(step: Pick<Vote, 'height' | 'round' | 'kind'>): readonly VoteGroup[] {
    return archivedVotes(this.#store, step);
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

  /** The commit of a height: the one in the next block or, for the last block, the one that this node saw. */
  commit(height: number): Commit | undefined {
    return commits.get(this.#store, height) ?? heads.get(this.#store, height + 1)?.lastCommit;
  }

  summary(height: number): BlockSummary | undefined {
    const record = records.get(this.#store, height);
    const head = heads.get(this.#store, height);
    return record && head && { ...record, header: head.header, id: blockId(head.header) };
  }

  /** The app hash after a height. */
  appHash(height: number): Uint8Array | undefined {
    const base = this.#base;
    return base?.height === height ? base.appHash : records.get(this.#store, height)?.appHash;
  }

  validators(height: number): ValidatorSet | undefined {
    const written = this.#setBehind(height);
    if (!written || height > this.height + 2) return undefined;
    const [at, { members: hash, priorities }] = written;
    let set = ValidatorSet.join(this.members(hash)!, priorities);
    for (let turn = at; turn < height; turn++) set = set.next();
    return set;
  }

  /** The members that a stored set refers to. */
  members(hash: Uint8Array): readonly Member[] | undefined {
    return members.get(this.#store, hash);
  }

  /** Prunes blocks below a height in batches, with everything stored for these heights. */
  prune(below: number): void {
    this.#commit((draft) => {
      const old = [...records.entries(this.#store, { from: 0, to: Math.max(0, below) })].slice(
        0,
        PRUNE_BATCH,
      );
      for (const [height] of old) for (const bucket of BY_HEIGHT) bucket.delete(draft, height);
      const last = old.at(-1)?.[0];
      if (last === undefined) return;
      this.#pruneSets(draft, last + 1);
      pruneVotes(draft, last + 1, PRUNE_BATCH);
    });
  }

  /** Removes the sets that no height from this one on follows from, and members that no set refers to any more. */
  #pruneSets(draft: Overlay, height: number): void {
    const [first, { members: kept }] = this.#setBehind(height)!;
    const left = new Map<string, Uint8Array>();
    for (const [at, { members: used }] of [...sets.entries(this.#store, { from: 0, to: first })]) {
      sets.delete(draft, at);
      if (!equalBytes(used, kept)) left.set(toHex(used), used);
    }
    if (left.size === 0) return;
    for (const [, { members: used }] of sets.entries(this.#store, { from: first })) left.delete(toHex(used));
    for (const hash of left.values()) members.delete(draft, hash);
  }

  /** The last set stored at or before a height, with its height. */
  #setBehind(height: number): [number, SetReference] | undefined {
    const range = { from: Math.max(0, height - SETS_EVERY + 1), to: height + 1, reverse: true };
    const [written] = sets.entries(this.#store, range);
    return written;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  get #base() {
    return bases.get(this.#store, 0);
  }

  get #heights() {
    this.#range ??= this.#readHeights();
    return this.#range;
  }

  #readHeights() {
    const height = lastKey(records, this.#store) ?? this.#base?.height ?? -1;
    const [first] = bodies.entries(this.#store);
    return { base: first?.[0] ?? height + 1, height };
  }

  #clear(draft: Overlay): void {
    for (const bucket of [...BY_HEIGHT, sets]) {
      for (const [height] of bucket.entries(this.#store)) bucket.delete(draft, height);
    }
    for (const [hash] of members.entries(this.#store)) members.delete(draft, hash);
    pruneVotes(draft, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY);
  }

  #commit(change: (draft: Overlay) => void): void {
    const draft = new Overlay(this.#store);
    change(draft);
    const changes: Change[] = draft.changes();
    if (changes.length === 0) return;
    this.#range = undefined;
    this.#store.commit(changes);
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
