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
 * number of leaves. A node is addressed by level and place in its level; an append writes O(1) nodes on average.
 */
export class MountainRange {
  readonly #nodes: Bucket<readonly [level: number, index: number], Uint8Array>;
  readonly #count: Bucket<number, number>;

  /** @param tag takes two bucket tags: `tag` and `tag + 1` */
  constructor(tag: number) {
    this.#nodes = new Bucket(tag, nodeKey, rawBytes);
    this.#count = new Bucket(tag + 1, orderedNumber, orderedNumber);
  }

  count(view: ReadView): number {
    return this.#count.get(view, 0) ?? 0;
  }

  append(view: WriteView, leaf: Uint8Array): void {
    const count = this.count(view);
    let node = treeHash(LEAF, leaf);
    let index = count;
    this.#nodes.put(view, [0, index], node);
    for (let level = 0; index % 2 === 1; level++) {
      node = treeHash(BRANCH, this.#node(view, level, index - 1), node);
      index = (index - 1) / 2;
      this.#nodes.put(view, [level + 1, index], node);
    }
    this.#count.put(view, 0, count + 1);
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
    const node = this.#nodes.get(view, [level, index]);
    if (!node) throw new Error(`mountain range: node ${level}/${index} is missing from the store`);
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

const nodeKey = {
  encode: ([level, index]: readonly [number, number]) =>
    concat([Uint8Array.of(level), orderedNumber.encode(index)]),
  decode: (bytes: Uint8Array) => [bytes[0]!, orderedNumber.decode(bytes.subarray(1))] as const,
};
