import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '#base';
import { MemoryStore, Overlay, type ReadView } from '#store';

const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 4 });
const change = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined }) });
const changes = fc.array(change, { maxLength: 12 });

/** A map that is obviously right, to compare with. */
function model(...batches: { key: Uint8Array; value: Uint8Array | undefined }[][]): Map<string, string> {
  const map = new Map<string, string>();
  for (const { key, value } of batches.flat()) {
    if (value === undefined) map.delete(toHex(key));
    else map.set(toHex(key), toHex(value));
  }
  return map;
}

function compare(view: ReadView, expected: Map<string, string>, from: Uint8Array, to: Uint8Array): void {
  const inside = [...expected]
    .filter(([k]) => k >= toHex(from) && k < toHex(to))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const listed = (reverse: boolean) =>
    [...view.range({ from, to, reverse })].map((entry) => [toHex(entry.key), toHex(entry.value)]);
  assert.deepEqual(listed(false), inside);
  assert.deepEqual(listed(true), inside.toReversed());
}

test('overlays over a store read as one map, and leave the store as it was', () => {
  fc.assert(
    fc.property(changes, changes, changes, key, key, (below, first, second, from, to) => {
      const store = new MemoryStore();
      store.commit(below);
      const lower = new Overlay(store);
      const upper = new Overlay(lower);
      const write = (view: Overlay, batch: typeof first) => {
        for (const { key, value } of batch) value ? view.put(key, value) : view.delete(key);
      };
      write(lower, first);
      write(upper, second);
      compare(upper, model(below, first, second), from, to);
      compare(lower, model(below, first), from, to);
      compare(store, model(below), from, to);
      lower.absorb(upper);
      const snapshot = store.snapshot();
      store.commit(lower.changes());
      compare(store, model(below, first, second), from, to);
      compare(snapshot, model(below), from, to);
    }),
    { numRuns: 300 },
  );
});
