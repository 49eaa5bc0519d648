import { equalBytes, sha256 } from '#base';
import { treeHash } from '#ledger';

const LEAF = 0;
const BRANCH = 1;

/** The largest power of two below n (n ≥ 2): where RFC 9162 splits a list. */
const splitOf = (n: number): number => 2 ** (31 - Math.clz32(n - 1));

/** Root of the Merkle tree over these leaves (RFC 9162 §2.1.1); without leaves, SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  return subtreeRoot(leaves.map((leaf) => treeHash(LEAF, leaf)));
}

function subtreeRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0]!;
  const split = splitOf(hashes.length);
  return treeHash(BRANCH, subtreeRoot(hashes.slice(0, split)), subtreeRoot(hashes.slice(split)));
}

/** The root, and for each leaf its siblings from the bottom up (RFC 9162 §2.1.3.1). O(n log n) hashes in all. */
export function merkleProofs(leaves: readonly Uint8Array[]): { root: Uint8Array; proofs: Uint8Array[][] } {
  if (leaves.length === 0) return { root: sha256(), proofs: [] };
  const proofs: Uint8Array[][] = leaves.map(() => []);
  const climb = (hashes: readonly Uint8Array[], first: number): Uint8Array => {
    if (hashes.length === 1) return hashes[0]!;
    const split = splitOf(hashes.length);
    const left = climb(hashes.slice(0, split), first);
    const right = climb(hashes.slice(split), first + split);
    hashes.forEach((_, i) => {
      proofs[first + i]!.push(i < split ? right : left);
    });
    return treeHash(BRANCH, left, right);
  };
  const root = climb(
    leaves.map((leaf) => treeHash(LEAF, leaf)),
    0,
  );
  return { root, proofs };
}

/** Whether `leaf` is at `index` of the `count` leaves under `root` (RFC 9162 §2.1.3.2). */
export function isMerkleLeaf(
  leaf: Uint8Array,
  index: number,
  count: number,
  siblings: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(index >= 0 && index < count)) return false;
  let place = index;
  let last = count - 1;
  let node = treeHash(LEAF, leaf);
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      node = treeHash(BRANCH, sibling, node);
      // A node without a right sibling moves up until it is a right child.
      while (place % 2 === 0 && place > 0) [place, last] = [place >> 1, last >> 1];
    } else {
      node = treeHash(BRANCH, node, sibling);
    }
    [place, last] = [place >> 1, last >> 1];
  }
  return last === 0 && equalBytes(node, root);
}
