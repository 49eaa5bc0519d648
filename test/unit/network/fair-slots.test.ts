import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairSlots } from '#network';

test('slots: never more than the limit, equal shares for peers that keep asking', () => {
  const holders = fc.array(fc.record({ peer: fc.nat({ max: 6 }), origin: fc.nat({ max: 3 }) }), {
    minLength: 40,
  });
  fc.assert(
    fc.property(holders, fc.integer({ min: 1, max: 8 }), (asking, count) => {
      const places = new FairSlots({ count, idleMs: 1000, now: () => 0 });
      const held = new Set<NonNullable<ReturnType<FairSlots['take']>>>();
      for (const { peer, origin } of asking) {
        const place = places.take({ peer: `${peer}`, origin: `${origin}` });
        for (const other of held) if (other.signal.aborted) held.delete(other);
        if (place) held.add(place);
        assert.equal(held.size + places.free, count);
        assert.equal(new Set([...held].map(({ slot }) => slot)).size, held.size);
      }
      for (const place of held) places.release(place);
      for (const place of held) places.release(place);
      assert.equal(places.free, count);
    }),
  );
});

test('the longest idle place goes first, one in use never for being idle', () => {
  let now = 0;
  const places = new FairSlots({ count: 3, idleMs: 20, now: () => now });
  const [a, b, c] = ['a', 'b', 'c'].map((peer) => places.take({ peer, origin: peer })!);
  a!.begin();
  now = 10;
  b!.begin();
  b!.done();
  assert.equal(places.take({ peer: 'd', origin: 'd' }), undefined);
  now = 25;
  assert.ok(places.take({ peer: 'd', origin: 'd' }));
  assert.deepEqual(
    [a, b, c].map((place) => place!.signal.aborted),
    [false, false, true],
  );
  now = 1000;
  a!.done();
  assert.ok(places.take({ peer: 'e', origin: 'e' }));
  assert.deepEqual(
    [a, b].map((place) => place!.signal.aborted),
    [false, true],
  );
});

test('a holder of many loses the one it has used least lately, until shares are equal', () => {
  let now = 0;
  const places = new FairSlots({ count: 4, idleMs: 1000, now: () => now++ });
  const many = Array.from({ length: 4 }, () => places.take({ peer: 'many', origin: 'x' })!);
  many[0]!.begin();
  many[0]!.done();
  assert.ok(places.take({ peer: 'new', origin: 'y' }));
  assert.ok(places.take({ peer: 'new', origin: 'y' }));
  assert.deepEqual(
    many.map(({ signal }) => signal.aborted),
    [false, true, true, false],
  );
  assert.equal(places.take({ peer: 'new', origin: 'y' }), undefined);
});
