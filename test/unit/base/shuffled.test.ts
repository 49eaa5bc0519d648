import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shuffled } from '#base';

test('shuffled items are the same ones, and every order can come out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), (items) => {
      const before = [...items];
      assert.deepEqual(shuffled(items).sort(), [...items].sort());
      assert.deepEqual(items, before);
    }),
  );
  const orders = new Set<string>();
  for (const first of [0, 0.4, 0.8])
    for (const second of [0, 0.6]) {
      const draws = [first, second];
      orders.add(shuffled(['a', 'b', 'c'], () => draws.shift()!).join(''));
    }
  assert.equal(orders.size, 6);
});
