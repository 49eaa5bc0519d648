import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureMemory } from '../../../src/node/inference/failure-memory.ts';

test('a node that failed is avoided for a while, longer each time, and never for ever', () => {
  let now = 0;
  const failures = new FailureMemory(() => now);
  assert.equal(failures.avoidance('a'), 0);
  failures.note('a');
  failures.note('b', 6);
  assert.ok(failures.avoidance('b') > failures.avoidance('a'));
  now = 30_000;
  assert.equal(failures.avoidance('a'), 0);
  failures.note('a');
  now += 59_999;
  assert.equal(failures.avoidance('a'), 2);
  now += 1;
  assert.equal(failures.avoidance('a'), 0);
  for (let i = 0; i < 100; i++) failures.note('a');
  now += 3_600_000;
  assert.equal(failures.avoidance('a'), 0);
});

test('a busy node is avoided for a moment, less than one that failed', () => {
  let now = 0;
  const failures = new FailureMemory(() => now);
  failures.noteBusy('a');
  failures.note('b');
  assert.ok(failures.avoidance('a') > 0 && failures.avoidance('a') < failures.avoidance('b'));
  now = 2_000;
  assert.equal(failures.avoidance('a'), 0);
});

test('the memory has an end', () => {
  const failures = new FailureMemory(() => 0);
  for (let i = 0; i < 5000; i++) failures.note(`node ${i}`);
  assert.equal(failures.avoidance('node 0'), 0);
  assert.equal(failures.avoidance('node 4999'), 1);
});
