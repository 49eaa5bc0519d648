import { concat, equalBytes } from '#base';
import { Bucket, orderedNumber, type ReadView, rawBytes, type WriteView } from '#store';
import { EMPTY_HASH, HASH_BYTES, treeHash } from './hash.ts';

const LEAF = 0;
const BRANCH = 1;
const ROOT = 2;

/** That a leaf is in a range: the siblings up to its peak, and the peaks. */
export interface RangeProof {
  readonly index: number;
  readonly count: number;
  readonly siblings: readonly Uint8Array[];
  readonly peaks: readonly Uint8Array[];
}

/**
 * An append-only accumulator (Merkle mountain range, P. Todd 2012): perfect binary trees, one per bit of the
 * number of leaves. A node is addressed by level and place in its level; those that a leaf completes, from itself
 * upwards, are stored together under its number, so an append is one write.
 */
export class MountainRange {
  readonly #completed: Bucket<number, Uint8Array>;
  readonly #count: Bucket<number, number>;

  /** @param tag takes two bucket tags: `tag` and `tag + 1` */
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

  /** Throws RangeError for a leaf that is not there. */
  prove(view: ReadView, index: number): RangeProof {
    const count = this.count(view);
    if (!(index >= 0 && index < count)) throw new RangeError(`prove: no leaf ${index} among ${count}`);
    const height = peakHeight(index, count);
    const siblings = Array.from({ length: height }, (_, level) => {
      const place = Math.floor(index / 2 ** level);
      return this.#node(view, level, place % 2 === 0 ? place + 1 : place - 1);
    });
    return { index, count, siblings, peaks: this.#peaks(view) };
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

/** Whether `leaf` is at `proof.index` of the range with this root. */
export function verifyRangeProof(root: Uint8Array, leaf: Uint8Array, proof: RangeProof): boolean {
  const { index, count, siblings, peaks } = proof;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count)
    return false;
  const places = peakPlaces(count);
  if (peaks.length !== places.length || siblings.length !== peakHeight(index, count)) return false;
  if (![...peaks, ...siblings].every((node) => node.length === HASH_BYTES)) return false;
  const peak = siblings.reduce(
    (node, sibling, level) =>
      Math.floor(index / 2 ** level) % 2 === 0
        ? treeHash(BRANCH, node, sibling)
        : treeHash(BRANCH, sibling, node),
    treeHash(LEAF, leaf),
  );
  const mine = places.findIndex(
    (place) => place.level === siblings.length && place.index === Math.floor(index / 2 ** place.level),
  );
  return mine >= 0 && equalBytes(peaks[mine]!, peak) && equalBytes(rootOf(count, peaks), root);
}

/** The perfect trees that `count` leaves make, largest first. */
function peakPlaces(count: number): { level: number; index: number }[] {
  const places = [];
  let before = 0;
  for (let level = 52; level >= 0; level--) {
    const size = 2 ** level;
    if (Math.floor(count / size) % 2 === 0) continue;
    places.push({ level, index: before / size });
    before += size;
  }
  return places;
}

/** The height of the tree that holds a leaf. */
function peakHeight(index: number, count: number): number {
  return peakPlaces(count).find((place) => index < (place.index + 1) * 2 ** place.level)!.level;
}

function rootOf(count: number, peaks: readonly Uint8Array[]): Uint8Array {
  const bagged =
    peaks.length === 0 ? EMPTY_HASH : peaks.reduceRight((right, left) => treeHash(BRANCH, left, right));
  return treeHash(ROOT, orderedNumber.encode(count), bagged);
}
