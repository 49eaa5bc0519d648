import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateIndex } from '../../../src/ledger/rate-index.ts';
import { dice } from '../../support/ledger/chain.ts';

const nameOf = (n: number) => n.toString(16).padStart(8, '0');

test('entries stay in order of rate, then name, through insertions and removals', () => {
  const roll = dice('rates');
  const index = new RateIndex();
  const all = new Map<string, { name: string; rate: bigint }>();
  for (let n = 0; n < 5_000; n++) {
    const entry = { name: nameOf(roll(2 ** 31)), rate: BigInt(roll(50)) };
    if (all.has(entry.name)) continue;
    all.set(entry.name, entry);
    index.insert(entry);
    if (n % 3 === 0) {
      const gone = [...all.values()][roll(all.size)]!;
      all.delete(gone.name);
      index.delete(gone);
      index.delete(gone);
    }
  }
  const sorted = [...all.values()].sort((a, b) =>
    a.rate === b.rate ? (a.name < b.name ? -1 : 1) : a.rate > b.rate ? -1 : 1,
  );
  assert.deepEqual([...index.descending()], sorted);
  assert.deepEqual([...index.ascending()], sorted.toReversed());
});

test('an insertion, a removal and a look at either end compare a few entries of many', () => {
  let compared = 0;
  const counted = (n: number) => ({
    name: nameOf(n),
    get rate() {
      compared++;
      return BigInt(n);
    },
  });
  const index = new RateIndex();
  for (let n = 0; n < 50_000; n++) index.insert(counted((n * 7_919) % 50_000));
  const most = (work: () => unknown) => {
    compared = 0;
    work();
    return compared;
  };
  const entry = { name: 'middle', rate: 25_000n };
  assert.ok(most(() => index.insert(entry)) < 200);
  assert.ok(most(() => index.delete(entry)) < 200);
  assert.ok(most(() => index.ascending().next()) < 10);
  assert.ok(most(() => index.descending().next()) < 10);
});
