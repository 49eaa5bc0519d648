import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import { MAX_TOTAL_POWER } from '../../../src/consensus/constants.ts';

const keyOf = (name: number) => new Uint8Array(32).fill(name);
const setOf = (powers: readonly number[]) =>
  ValidatorSet.of(powers.map((power, i) => ({ key: keyOf(i + 1), power })));
const turns = (set: ValidatorSet, count: number) =>
  Array.from({ length: count }, (_, round) => set.proposer(round).key[0]!);

test('turns by hand: add the powers, take the whole from the highest, the smaller key first', () => {
  // (1, 3) → (1, −1), (2, 2) → (−2, 2), (−1, 5) → (−1, 1), (0, 4) → (0, 0), and again.
  assert.deepEqual(turns(setOf([1, 3]), 8), [2, 1, 2, 2, 2, 1, 2, 2]);
  assert.deepEqual(turns(setOf([1, 1, 1, 1]), 6), [1, 2, 3, 4, 1, 2]);
});

test('everyone has turns in proportion to its power, over rounds as over heights', () => {
  const powers = [7, 1, 40, 12, 40];
  let set = setOf(powers);
  const byRound = turns(set, 100);
  const byHeight: number[] = [];
  for (let height = 0; height < 100; height++) {
    byHeight.push(set.proposer(0).key[0]!);
    set = set.next();
  }
  assert.deepEqual(byHeight, byRound);
  powers.forEach((power, i) => {
    assert.equal(byRound.filter((name) => name === i + 1).length, power);
  });
});

test('a newcomer waits, one who leaves is gone, and the mean stays at zero', () => {
  const before = setOf([10, 10, 10]).next();
  const joined = before.next([{ key: keyOf(9), power: 10 }]);
  assert.equal(joined.size, 4);
  const mean = joined.validators.reduce((sum, { priority }) => sum + priority, 0) / 4;
  assert.ok(mean >= 0 && mean < 1);
  assert.ok(!turns(joined, 3).includes(9), 'the newcomer is last');
  const left = joined.next([{ key: keyOf(2), power: 0 }]);
  assert.deepEqual(
    left.validators.map(({ key }) => key[0]),
    [1, 3, 9],
  );
  assert.equal(left.placeOf(keyOf(2)), -1);
  assert.equal(left.totalPower, 30);
});

test('leaving and coming back gains no turn', () => {
  const stayed = setOf([10, 10, 10, 10]);
  const returned = stayed.next([{ key: keyOf(1), power: 0 }]).next([{ key: keyOf(1), power: 10 }]);
  const first = turns(returned, 40).indexOf(1);
  assert.ok(first >= 3, `after ${first} rounds`);
});

test('priorities stay in their window when the powers fall by a million', () => {
  let set = setOf([1_000_000_000, 999_999_999, 3]);
  for (let i = 0; i < 20; i++) set = set.next();
  set = set.next([
    { key: keyOf(1), power: 2 },
    { key: keyOf(2), power: 1 },
  ]);
  const priorities = set.next().validators.map(({ priority }) => priority);
  assert.ok(Math.max(...priorities) - Math.min(...priorities) <= 2 * 6 + 6);
});

test('a set that is none is refused', () => {
  const good = setOf([1, 2]);
  const refused: readonly (() => unknown)[] = [
    () => setOf([]),
    () => setOf([0]),
    () => setOf([1.5]),
    () => setOf([MAX_TOTAL_POWER, 1]),
    () => new ValidatorSet([...good.validators].reverse()),
    () => good.next([{ key: keyOf(5), power: 0 }]),
    () => good.next([keyOf(1), keyOf(1)].map((key) => ({ key, power: 2 }))),
    () => good.next([keyOf(1), keyOf(2)].map((key) => ({ key, power: 0 }))),
  ];
  for (const make of refused) assert.throws(make, { code: 'VALIDATORS_INVALID' });
});

test('the hash covers powers and turns', () => {
  const set = setOf([1, 2, 3]);
  assert.deepEqual(set.hash, setOf([1, 2, 3]).hash);
  assert.notDeepEqual(set.hash, setOf([1, 2, 4]).hash);
  assert.notDeepEqual(set.hash, set.next().hash);
});
