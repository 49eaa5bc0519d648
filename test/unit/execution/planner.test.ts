import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRoute, type StageOffer } from '#execution';

const offer = (name: string, first: number, end: number, reachable = true): StageOffer => ({
  id: name,
  name,
  addresses: [],
  first,
  end,
  reachable,
});
const plan = (layers: number, offers: StageOffer[]) =>
  planRoute(layers, offers).map(({ name, first, end }) => `${name} ${first}-${end}`);

test('takes the fewest hops and cuts overlaps', () => {
  assert.deepEqual(
    plan(30, [
      offer('a', 0, 10),
      offer('b', 5, 25),
      offer('c', 0, 12),
      offer('d', 20, 30),
      offer('e', 10, 20),
    ]),
    ['c 0-12', 'b 12-25', 'd 25-30'],
  );
  assert.deepEqual(plan(30, [offer('a', 0, 10), offer('whole', 0, 30)]), ['whole 0-30']);
});

test('says which blocks are missing and who ran them', () => {
  const offers = [offer('a', 0, 10), offer('b', 10, 20, false), offer('c', 20, 30)];
  assert.throws(() => plan(30, offers), /blocks 10–19 are missing: b \(blocks 10–19\) cannot be reached/);
  assert.throws(() => plan(30, []), /blocks 0–29 are missing: no node runs them/);
  assert.throws(() => plan(30, [offer('a', 0, 10)]), { code: 'BLOCKS_MISSING' });
});

test('takes no offer of blocks that the model does not have', () => {
  assert.deepEqual(plan(30, [offer('boaster', 0, 1_000_000), offer('a', 0, 10), offer('b', 10, 30)]), [
    'a 0-10',
    'b 10-30',
  ]);
  assert.throws(() => plan(30, [offer('boaster', 0, 31), offer('none', 5, 5), offer('backwards', 9, 3)]), {
    code: 'BLOCKS_MISSING',
  });
});

test('goes around a node that is to be avoided, as long as there is a way', () => {
  const offers = [offer('whole', 0, 30), offer('a', 0, 10), offer('b', 10, 30)];
  const names = (avoided: Record<string, number>) =>
    planRoute(30, offers, (id) => avoided[id] ?? 0).map(({ name }) => name);
  assert.deepEqual(names({ whole: 1 }), ['a', 'b']);
  assert.deepEqual(names({ whole: 1, b: 2 }), ['a', 'whole']);
  assert.deepEqual(names({ whole: 1, a: 1, b: 1 }), ['whole']);
});

test('a relayed stage counts as two hops, and a direct one is taken first where they are equal', () => {
  const relayed = (name: string, first: number, end: number) => ({
    ...offer(name, first, end),
    relayed: true,
  });
  assert.deepEqual(plan(30, [relayed('far', 0, 30), offer('near', 0, 30)]), ['near 0-30']);
  assert.deepEqual(plan(30, [relayed('far', 0, 30), offer('a', 0, 15), offer('b', 15, 30)]), [
    'a 0-15',
    'b 15-30',
  ]);
  assert.deepEqual(plan(30, [relayed('far', 0, 30), offer('a', 0, 10), offer('b', 10, 20)]), ['far 0-30']);
});
