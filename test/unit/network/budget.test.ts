import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budgets, type Limits, OBJECT_BYTES } from '#network';

const EXCEEDED = { code: 'BUDGET_EXCEEDED' };
const limits = (factor: number): Limits => ({
  heldBytes: factor * 10_000,
  bytesPerSecond: factor * 100,
  burstBytes: factor * 1_000,
  cpuMsPerSecond: factor * 10,
  burstCpuMs: factor * 50,
});

function world() {
  let now = 0;
  const budgets = new Budgets(
    { peer: limits(1), address: limits(2), all: limits(3) },
    { now: () => now, cpuMs: () => now },
  );
  return { budgets, pass: (ms: number) => (now += ms) };
}

test('memory is charged with a sum for each object, and given back exactly once', () => {
  const { budgets } = world();
  const budget = budgets.of('a');
  const release = budget.hold(10_000 - OBJECT_BYTES);
  assert.throws(() => budget.hold(0), EXCEEDED);
  release();
  release();
  budget.hold(10_000 - OBJECT_BYTES);
  assert.throws(() => budget.hold(0), EXCEEDED);
  assert.throws(() => budgets.of('b').hold(0, 1_000), EXCEEDED);
});

test('bytes come back with time, and no further than the burst', () => {
  const { budgets, pass } = world();
  const budget = budgets.of('a');
  budget.take(1_000);
  assert.throws(() => budget.take(1), EXCEEDED);
  pass(1_000);
  budget.take(100);
  assert.throws(() => budget.take(1), EXCEEDED);
  pass(1_000_000);
  assert.throws(() => budget.take(1_001), EXCEEDED);
  budget.take(1_000);
});

test('time that work took is owed, and nothing is run until it has been made up for', () => {
  const { budgets, pass } = world();
  const budget = budgets.of('a');
  assert.equal(
    budget.run(() => pass(150)),
    150,
  );
  assert.throws(() => budget.run(() => assert.fail('ran')), EXCEEDED);
  pass(9_000);
  assert.throws(() => budget.run(() => assert.fail('ran')), EXCEEDED);
  pass(1_100);
  assert.throws(
    () =>
      budget.run(() => {
        throw new TypeError('of the work');
      }),
    TypeError,
  );
});

test('names of one address share its limits, all addresses the last, and nothing is charged in part', () => {
  const { budgets } = world();
  budgets.of('a', '2001:db8::1').take(1_000);
  budgets.of('b', '2001:db8::2').take(1_000);
  assert.throws(() => budgets.of('c', '2001:db8::3').take(1), EXCEEDED);
  budgets.of('c', '8.8.8.8').take(1_000);
  assert.throws(() => budgets.of('d', '9.9.9.9').take(100), EXCEEDED);
});

test('who uses little is served when a few others have used up what all may have together', () => {
  let [now, spent] = [0, 0];
  const budgets = new Budgets(
    { peer: limits(10), address: limits(20), all: limits(30) },
    { now: () => now, cpuMs: () => spent },
  );
  const crowd = ['a', 'b', 'c', 'd', 'e'].map((peer, n) => budgets.of(peer, `8.8.8.${n}`));
  const untilRefused = (use: () => void) =>
    assert.throws(() => {
      for (;;) use();
    }, EXCEEDED);
  const honest = budgets.of('honest', '9.9.9.9');
  for (let n = 0; n < 3; n++) {
    for (const one of crowd) {
      untilRefused(() => one.hold(1_000));
      untilRefused(() => one.take(100));
      untilRefused(() => one.run(() => (spent += 5)));
    }
    const release = honest.hold(1_000);
    assert.throws(() => honest.hold(1_000), EXCEEDED);
    release();
    honest.take(100);
    assert.throws(() => honest.take(100), EXCEEDED);
    honest.run(() => (spent += 8));
    assert.throws(() => honest.run(() => undefined), EXCEEDED);
    now += 10_000;
  }
});

test('loopback is nobody, so that the nodes of one machine do not share a limit', () => {
  const { budgets } = world();
  for (const peer of ['a', 'b', 'c']) budgets.of(peer, '::ffff:127.0.0.1').take(1_000);
});

test('coming back brings nothing, and what owes nothing is not kept', () => {
  const { budgets, pass } = world();
  budgets.of('a').take(1_000);
  assert.throws(() => budgets.of('a').take(1), EXCEEDED);
  for (let i = 0; i < 20_000; i++) {
    pass(1);
    budgets.of(`peer ${i}`, `${i % 200}.1.${i % 250}.1`).spend(1e-9);
  }
  assert.ok(budgets.size <= 8_192);
});

test('who comes when all accounts are taken shares one with the others that do', () => {
  const all = { ...limits(1), burstBytes: 1e9 };
  const budgets = new Budgets({ peer: limits(1), address: limits(1), all }, { now: () => 0, cpuMs: () => 0 });
  for (let i = 0; i < 4_096; i++) budgets.of(`peer ${i}`).take(1);
  budgets.of('late').take(1_000);
  assert.throws(() => budgets.of('later').take(1), EXCEEDED);
  budgets.of('peer 0').take(999);
});
