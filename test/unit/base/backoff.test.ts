import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff, backoffMs } from '#base';

const LIMITS = { firstMs: 1_000, lastMs: 16_000 };

test('a pause doubles with each failure, up to the longest', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 5_000].map((failures) => backoffMs(LIMITS, failures));
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
});

test('an attempt is due after its pause, and at once when its failures are forgotten', () => {
  const backoff = new Backoff(LIMITS, () => 0.5);
  assert.ok(backoff.isOver('a', 0));
  backoff.begin('a');
  assert.ok(!backoff.isOver('a', 1e12), 'in progress');
  backoff.failed('a', 10);
  assert.ok(!backoff.isOver('a', 1_009) && backoff.isOver('a', 1_010) && backoff.isOver('b', 10));
  backoff.begin('a');
  backoff.failed('a', 1_010);
  assert.equal(backoff.dueAt('a'), 3_010);
  backoff.forget('a');
  assert.ok(backoff.isOver('a', 1_010));
  for (const id of ['a', 'b']) backoff.failed(id, 0);
  backoff.keep(new Set(['b']));
  assert.ok(backoff.isOver('a', 0) && !backoff.isOver('b', 0));
});

test('pauses vary by a quarter', () => {
  const due = [0, 1].map((random) => {
    const backoff = new Backoff(LIMITS, () => random);
    backoff.failed('a', 0);
    return backoff.dueAt('a');
  });
  assert.deepEqual(due, [750, 1_250]);
});
