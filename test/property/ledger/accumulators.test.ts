import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '#base';
import { MemoryStore, Overlay } from '#store';
import {
  EMPTY_HASH,
  MerkleMountainRange,
  SparseTree,
  treeHash,
  verifySparseProof,
  verifyStretch,
} from '../../../src/ledger/accumulators/index.ts';

const leaf = (n: number) => Uint8Array.of(n >> 8, n);
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

test('mountain range: leaves that follow one another are proved together, for every number of leaves there ever was', () => {
  const LEAVES = 70;
  const view = new Overlay(new MemoryStore());
  const range = new MerkleMountainRange(1);
  const roots = [range.root(view)];
  for (let n = 0; n < LEAVES; n++) {
    range.append(view, [leaf(n)]);
    roots.push(range.root(view));
  }
  const numbers = fc
    .tuple(fc.nat(LEAVES), fc.nat(LEAVES), fc.nat(LEAVES))
    .map((three) => three.sort((a, b) => a - b));
  fc.assert(
    fc.property(numbers, fc.nat(), ([from, to, count], pick) => {
      const stretch = { from: from!, to: to!, count: count! };
      const leaves = Array.from({ length: to! - from! }, (_, i) => leaf(from! + i));
      const proof = range.prove(view, stretch);
      const holds = (given = leaves, of = stretch, by = proof, root = roots[count!]!) =>
        verifyStretch(root, given, of, by);
      assert.ok(holds());
      assert.ok(!holds([...leaves, leaf(to!)]));
      assert.ok(!holds(leaves, stretch, [...proof, roots[0]!]));
      assert.ok(!holds(leaves, { ...stretch, count: count! + 1 }));
      if (count! < LEAVES) assert.ok(!holds(leaves, stretch, proof, roots[count! + 1]));
      if (leaves.length > 0) {
        const at = pick % leaves.length;
        assert.ok(!holds(leaves.with(at, leaf(LEAVES))));
        assert.ok(!holds(leaves, { ...stretch, from: from! + 1, to: to! + 1 }));
      }
      if (proof.length > 0) {
        const at = pick % proof.length;
        assert.ok(!holds(leaves, stretch, proof.with(at, flipped(proof[at]!))));
        assert.ok(!holds(leaves, stretch, proof.toSpliced(at, 1)));
      }
    }),
    { numRuns: 400 },
  );
});

test('mountain range: the root is that of its perfect trees, and every leaf can be proved', () => {
  const perfect = (leaves: Uint8Array[]): Uint8Array =>
    leaves.length === 1
      ? treeHash(0, leaves[0]!)
      : treeHash(1, perfect(leaves.slice(0, leaves.length / 2)), perfect(leaves.slice(leaves.length / 2)));
  const view = new Overlay(new MemoryStore());
  const range = new MerkleMountainRange(1);
  const leaves: Uint8Array[] = [];
  const roots = new Set<string>();
  for (let n = 0; n < 37; n++) {
    roots.add(Buffer.from(range.root(view)).toString('hex'));
    const sizes = [32, 16, 8, 4, 2, 1].filter((size) => n & size);
    const starts = sizes.map((size) => n & ~(2 * size - 1));
    const peaks = sizes.map((size, i) => perfect(leaves.slice(starts[i], starts[i]! + size)));
    const all = { from: 0, to: 0, count: n };
    assert.deepEqual(range.prove(view, all), peaks, 'of no leaves: the peaks');
    assert.ok(verifyStretch(range.root(view), [], all, peaks));
    leaves.push(leaf(n));
    range.append(view, [leaf(n)]);
  }
  assert.equal(roots.size, 37);
  for (const wrong of [
    { from: 36, to: 38, count: 38 },
    { from: 3, to: 2, count: 9 },
    { from: 0, to: 5, count: 4 },
  ])
    assert.throws(() => range.prove(view, wrong), RangeError);
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 8 }), (batches) => {
      const apart = new Overlay(new MemoryStore());
      let count = 0;
      for (const size of batches) {
        range.append(apart, leaves.slice(count, count + size));
        count = Math.min(count + size, leaves.length);
      }
      const singly = new Overlay(new MemoryStore());
      for (const one of leaves.slice(0, count)) range.append(singly, [one]);
      assert.deepEqual(apart.changes(), singly.changes());
    }),
  );
});

/** The definition, without any storage: a subtree of one leaf is that leaf. */
function rootByDefinition(content: Map<number, number>): Uint8Array {
  const build = (leaves: { path: Uint8Array; value: Uint8Array }[], depth: number): Uint8Array => {
    if (leaves.length === 0) return EMPTY_HASH;
    if (leaves.length === 1) return treeHash(3, leaves[0]!.path, leaves[0]!.value);
    const bit = (path: Uint8Array) => (path[depth >> 3]! >> (7 - (depth & 7))) & 1;
    const side = (right: number) => leaves.filter(({ path }) => bit(path) === right);
    return treeHash(4, build(side(0), depth + 1), build(side(1), depth + 1));
  };
  const leaves = [...content].map(([key, value]) => ({
    path: treeHash(3, leaf(key)),
    value: treeHash(3, leaf(value)),
  }));
  return build(leaves, 0);
}

test('sparse tree: the root depends on the content only; members and absentees can be proved', () => {
  const change = fc.tuple(fc.nat(40), fc.option(fc.nat(500), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 6 }), (batches) => {
      const store = new MemoryStore();
      const view = new Overlay(store);
      const tree = new SparseTree(1);
      const content = new Map<number, number>();
      for (const batch of batches) {
        tree.update(
          view,
          batch.map(([key, value]) => ({
            key: leaf(key),
            value: value === undefined ? undefined : leaf(value),
          })),
        );
        for (const [key, value] of batch) value === undefined ? content.delete(key) : content.set(key, value);
        assert.deepEqual(tree.root(view), rootByDefinition(content));
      }
      const root = tree.root(view);
      for (let key = 0; key <= 41; key += 3) {
        const proof = tree.prove(view, leaf(key));
        const value = content.get(key);
        assert.ok(verifySparseProof(root, leaf(key), value === undefined ? undefined : leaf(value), proof));
        assert.ok(!verifySparseProof(root, leaf(key), leaf(501), proof));
        if (value !== undefined) assert.ok(!verifySparseProof(root, leaf(key), undefined, proof));
        const other = { ...proof, siblings: [...proof.siblings, EMPTY_HASH] };
        assert.ok(
          !verifySparseProof(root, leaf(key), value === undefined ? undefined : leaf(value), other) ||
            equalBytes(root, EMPTY_HASH),
        );
      }
      for (const key of content.keys()) tree.update(view, [{ key: leaf(key), value: undefined }]);
      assert.deepEqual(tree.root(view), EMPTY_HASH);
      assert.ok(
        view.changes().every(({ value }) => value === undefined),
        'an empty tree leaves nodes behind',
      );
    }),
    { numRuns: 60 },
  );
});
