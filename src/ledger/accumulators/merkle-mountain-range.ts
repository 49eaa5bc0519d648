import { concat, equalBytes } from '#base';
import { Bucket, orderedNumber, type ReadView, rawBytes, type WriteView } from '#store';
import { EMPTY_HASH, HASH_BYTES, treeHash } from './hash.ts';

const LEAF = 0;
const BRANCH = 1;
const ROOT = 2;

/** Leaves `[from, to)` of a range when it had `count` leaves. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * An append-only accumulator (Merkle mountain range, P. Todd 2012): perfect binary trees, one per set bit of the leaf count.
 * A node is addressed by level and index in its level. The nodes that a leaf completes, from the leaf up, are stored together
 * under its number, so an append is one write.
 */
export class MerkleMountainRange {
  readonly #completed: Bucket<number, Uint8Array>;
  readonly #count: Bucket<number, number>;

  /** @param tag uses two bucket tags: `tag` and `tag + 1` */
  constructor(tag: number) {
    this.#completed = new Bucket(tag, orderedNumber, rawBytes);
    this.#count = new Bucket(tag + 1, orderedNumber, orderedNumber);
  }

  count(view: ReadView): number {
    return this.#count.get(view, 0) ?? 0;
  }

  append(view: WriteView, leaves: readonly Uint8Array[]): void {
    if (leaves.length === 0) return;
    let count = this.count(view);
    const peaks: Uint8Array[] = [];
    for (const leaf of leaves) {
      const nodes = [treeHash(LEAF, leaf)];
      for (let level = 0, index = count; index % 2 === 1; level++, index = (index - 1) / 2) {
        const left = peaks[level] ?? this.#node(view, level, index - 1);
        nodes.push(treeHash(BRANCH, left, nodes[level]!));
      }
      peaks[nodes.length - 1] = nodes.at(-1)!;
      this.#completed.put(view, count++, nodes.length === 1 ? nodes[0]! : concat(nodes));
    }
    this.#count.put(view, 0, count);
  }

  root(view: ReadView): Uint8Array {
    return rootOf(this.count(view), this.#peaks(view));
  }

  /**
   * Proof for consecutive leaves, also against an earlier root: the roots of the largest subtrees outside the stretch, from left
   * to right. Throws RangeError when the leaves do not exist.
   */
  prove(view: ReadView, stretch: Stretch): Uint8Array[] {
    const { from, to, count } = stretch;
    if (!isStretch(stretch) || count > this.count(view))
      throw new RangeError(`prove: no leaves ${from} to ${to} of ${count} among ${this.count(view)}`);
    const proof: Uint8Array[] = [];
    const walk = ({ level, index }: Place): void => {
      if (isApart({ level, index }, stretch)) proof.push(this.#node(view, level, index));
      else if (level > 0) for (const child of childrenOf({ level, index })) walk(child);
    };
    for (const peak of peakPlaces(count)) walk(peak);
    return proof;
  }

  #peaks(view: ReadView): Uint8Array[] {
    return peakPlaces(this.count(view)).map(({ level, index }) => this.#node(view, level, index));
  }

  #node(view: ReadView, level: number, index: number): Uint8Array {
    const last = (index + 1) * 2 ** level - 1;
    const node = this.#completed.get(view, last)?.subarray(HASH_BYTES * level, HASH_BYTES * (level + 1));
    if (node?.length !== HASH_BYTES) {
      throw new Error(`mountain range: node ${level}/${index} is missing from the store`);
    }
    return node;
  }
}

/** Whether `leaves`, `to` − `from` of them, are the stretch in the range with this root. */
export function verifyStretch(
  root: Uint8Array,
  leaves: readonly Uint8Array[],
  stretch: Stretch,
  proof: readonly Uint8Array[],
): boolean {
  const { from, to, count } = stretch;
  if (!isStretch(stretch) || leaves.length !== to - from) return false;
  if (!proof.every((node) => node.length === HASH_BYTES)) return false;
  let used = 0;
  const walk = (place: Place): Uint8Array | undefined => {
    if (isApart(place, stretch)) return proof[used++];
    if (place.level === 0) return treeHash(LEAF, leaves[place.index - from]!);
    const [left, right] = childrenOf(place).map(walk);
    return left && right && treeHash(BRANCH, left, right);
  };
  const peaks = peakPlaces(count).map(walk);
  if (used !== proof.length || !peaks.every((peak) => peak !== undefined)) return false;
  return equalBytes(rootOf(count, peaks), root);
}

/** A perfect tree of 2^level leaves, at `index` in its level. */
interface Place {
  readonly level: number;
  readonly index: number;
}

const isStretch = ({ from, to, count }: Stretch): boolean =>
  [from, to, count].every(Number.isSafeInteger) && 0 <= from && from <= to && to <= count;

/** Whether the tree and the stretch have no leaf in common. */
const isApart = ({ level, index }: Place, { from, to }: Stretch): boolean =>
  (index + 1) * 2 ** level <= from || index * 2 ** level >= to || from === to;

const childrenOf = ({ level, index }: Place): [Place, Place] => [
  { level: level - 1, index: 2 * index },
  { level: level - 1, index: 2 * index + 1 },
];

/** The perfect trees of a range with `count` leaves, largest first. */
function peakPlaces(count: number): Place[] {
  const places: Place[] = [];
  let before = 0;
  for (let level = 52; level >= 0; level--) {
    const size = 2 ** level;
    if (Math.floor(count / size) % 2 === 0) continue;
    places.push({ level, index: before / size });
    before += size;
  }
  return places;
}

function rootOf(count: number, peaks: readonly Uint8Array[]): Uint8Array {
  const bagged =
    peaks.length === 0 ? EMPTY_HASH : peaks.reduceRight((right, left) => treeHash(BRANCH, left, right));
  return treeHash(ROOT, orderedNumber.encode(count), bagged);
}
