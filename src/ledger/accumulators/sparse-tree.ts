import { concat, equalBytes, toHex } from '#base';
import { Bucket, type BytesCodec, type ReadView, rawBytes, type WriteView } from '#store';
import { EMPTY_HASH, HASH_BYTES, treeHash } from './hash.ts';

const LEAF = 3;
const BRANCH = 4;
const MAX_DEPTH = HASH_BYTES * 8;

/** A write to a key: its new value, or undefined to delete it. */
interface TreeChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A hashed change: `path` is the hash of the key, `value` the hash of the value. */
interface Step {
  readonly path: Uint8Array;
  readonly value: Uint8Array | undefined;
}

type Node =
  | { readonly kind: 'leaf'; readonly path: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'branch'; readonly left: Uint8Array; readonly right: Uint8Array };

/**
 * A sparse Merkle tree over hashed keys in which a subtree with a single leaf is replaced by that leaf (as in Libra's Jellyfish
 * tree, but binary). The root depends only on the content, not on the order of writes, and the depth is about log2 of the
 * number of keys. Nodes are stored by place, so no stale nodes remain.
 */
export class SparseTree {
  readonly #nodes: Bucket<Place, Uint8Array>;

  constructor(tag: number) {
    this.#nodes = new Bucket(tag, placeKey, rawBytes);
  }

  root(view: ReadView): Uint8Array {
    return hashOf(this.#read(view, TOP));
  }

  /** Applies a batch of changes; the last one to a key wins. */
  update(view: WriteView, changes: Iterable<TreeChange>): void {
    const steps = new Map<string, Step>();
    for (const { key, value } of changes) {
      const path = treeHash(LEAF, key);
      steps.set(toHex(path), { path, value: value && treeHash(LEAF, value) });
    }
    this.#update(view, TOP, this.#read(view, TOP), [...steps.values()]);
  }

  /** The siblings on the path from the root to the key's place, and the leaf found there. */
  prove(view: ReadView, key: Uint8Array): SparseProof {
    const path = treeHash(LEAF, key);
    const siblings: Uint8Array[] = [];
    let place = TOP;
    let node = this.#read(view, place);
    while (node?.kind === 'branch') {
      const right = bitAt(path, place.depth) === 1;
      siblings.push(right ? node.left : node.right);
      place = childOf(place, right);
      node = this.#read(view, place);
    }
    return { siblings, found: node && { path: node.path, value: node.value } };
  }

  #update(view: WriteView, place: Place, node: Node | undefined, steps: readonly Step[]): Node | undefined {
    if (steps.length === 0) return node;
    if (node?.kind === 'branch') {
      const [left, right] = [childOf(place, false), childOf(place, true)];
      const rightward = (step: Step) => bitAt(step.path, place.depth) === 1;
      return this.#join(
        view,
        place,
        this.#update(
          view,
          left,
          this.#read(view, left),
          steps.filter((step) => !rightward(step)),
        ),
        this.#update(view, right, this.#read(view, right), steps.filter(rightward)),
      );
    }
    const stays = node && !steps.some((step) => equalBytes(step.path, node.path)) ? [node] : [];
    const leaves = steps.filter((step) => step.value !== undefined) as {
      path: Uint8Array;
      value: Uint8Array;
    }[];
    return this.#build(view, place, [...stays, ...leaves]);
  }

  /** Builds a subtree from these leaves. */
  #build(
    view: WriteView,
    place: Place,
    leaves: readonly { path: Uint8Array; value: Uint8Array }[],
  ): Node | undefined {
    if (leaves.length <= 1) {
      const node = leaves[0] && ({ kind: 'leaf', path: leaves[0].path, value: leaves[0].value } as const);
      this.#write(view, place, node);
      return node;
    }
    const rightward = (leaf: { path: Uint8Array }) => bitAt(leaf.path, place.depth) === 1;
    return this.#join(
      view,
      place,
      this.#build(
        view,
        childOf(place, false),
        leaves.filter((leaf) => !rightward(leaf)),
      ),
      this.#build(view, childOf(place, true), leaves.filter(rightward)),
    );
  }

  /** Writes the parent of two subtrees; a single leaf moves up to this place. */
  #join(view: WriteView, place: Place, left: Node | undefined, right: Node | undefined): Node | undefined {
    const only = left === undefined ? right : right === undefined ? left : undefined;
    let node: Node | undefined = { kind: 'branch', left: hashOf(left), right: hashOf(right) };
    if (only?.kind === 'leaf' || (left === undefined && right === undefined)) {
      node = only;
      this.#write(view, childOf(place, only === right), undefined);
    }
    this.#write(view, place, node);
    return node;
  }

  #read(view: ReadView, place: Place): Node | undefined {
    const bytes = this.#nodes.get(view, place);
    if (bytes === undefined) return undefined;
    const [a, b] = [bytes.subarray(1, 1 + HASH_BYTES), bytes.subarray(1 + HASH_BYTES)];
    return bytes[0] === LEAF ? { kind: 'leaf', path: a, value: b } : { kind: 'branch', left: a, right: b };
  }

  #write(view: WriteView, place: Place, node: Node | undefined): void {
    if (node === undefined) this.#nodes.delete(view, place);
    else if (node.kind === 'leaf')
      this.#nodes.put(view, place, concat([Uint8Array.of(LEAF), node.path, node.value]));
    else this.#nodes.put(view, place, concat([Uint8Array.of(BRANCH), node.left, node.right]));
  }
}

/** A proof of membership, or of absence: then the place is empty or holds a leaf with another path. */
export interface SparseProof {
  /** Hashes from the root down. */
  readonly siblings: readonly Uint8Array[];
  readonly found: { readonly path: Uint8Array; readonly value: Uint8Array } | undefined;
}

/** Whether the tree with this root holds this value (undefined: no value) at the key. */
export function verifySparseProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | undefined,
  { siblings, found }: SparseProof,
): boolean {
  const path = treeHash(LEAF, key);
  if (siblings.length > MAX_DEPTH || ![...siblings].every((node) => node.length === HASH_BYTES)) return false;
  if (value === undefined) {
    if (found && (equalBytes(found.path, path) || !agree(found.path, path, siblings.length))) return false;
  } else {
    if (!found || !equalBytes(found.path, path) || !equalBytes(found.value, treeHash(LEAF, value)))
      return false;
  }
  const top = siblings.reduceRight(
    (node, sibling, depth) =>
      bitAt(path, depth) === 1 ? treeHash(BRANCH, sibling, node) : treeHash(BRANCH, node, sibling),
    hashOf(found && { kind: 'leaf', ...found }),
  );
  return equalBytes(top, root);
}

/** Whether the tree with this root holds this value at the key; `siblings` from the root down. */
export function verifyMember(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
  siblings: readonly Uint8Array[],
): boolean {
  const found = { path: treeHash(LEAF, key), value: treeHash(LEAF, value) };
  return verifySparseProof(root, key, value, { siblings, found });
}

/** Whether the first `bits` bits of two paths are equal. */
function agree(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  return (
    a.length === b.length &&
    Array.from({ length: bits }, (_, i) => bitAt(a, i) === bitAt(b, i)).every(Boolean)
  );
}

function hashOf(node: Node | undefined): Uint8Array {
  if (node === undefined) return EMPTY_HASH;
  return node.kind === 'leaf'
    ? treeHash(LEAF, node.path, node.value)
    : treeHash(BRANCH, node.left, node.right);
}

const bitAt = (path: Uint8Array, depth: number): number => (path[depth >> 3]! >> (7 - (depth & 7))) & 1;

/** A node's place: its depth, and the path bits that lead to it. */
interface Place {
  readonly depth: number;
  readonly bits: Uint8Array;
}

const TOP: Place = { depth: 0, bits: new Uint8Array(0) };

function childOf({ depth, bits }: Place, right: boolean): Place {
  const longer = new Uint8Array((depth >> 3) + 1);
  longer.set(bits);
  if (right) longer[depth >> 3]! |= 128 >> (depth & 7);
  return { depth: depth + 1, bits: longer };
}

const placeKey: BytesCodec<Place> = {
  encode: ({ depth, bits }) => concat([Uint8Array.of(depth >> 8, depth & 255), bits]),
  decode: (bytes) => ({ depth: (bytes[0]! << 8) | bytes[1]!, bits: bytes.slice(2) }),
};
