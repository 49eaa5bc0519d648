import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTimeLimit } from '../../../../src/execution/tokenizer/time-limit.ts';

const LIMIT_MS = 50;

/** Takes time, but not the processor's. */
function sleep(milliseconds: number): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let slept = 0; slept < milliseconds; slept += 5) Atomics.wait(cell, 0, 0, 5);
}

test('what uses up the processor is stopped', () => {
  let runs = 0;
  const endless = () => {
    for (runs++; ; );
  };
  assert.throws(() => withTimeLimit(10 * LIMIT_MS, 'a loop', endless), {
    code: 'TIME_LIMIT',
    message: /^a loop/,
  });
  // A busy machine may give it less of the processor than it asks for, three times at most.
  assert.ok(runs <= 4, `begun ${runs} times`);
});

test('what did not get the processor is begun again', () => {
  let runs = 0;
  const result = withTimeLimit(LIMIT_MS, 'a nap', () => {
    if (runs++ === 0) sleep(10_000);
    return 'rested';
  });
  assert.deepEqual([result, runs], ['rested', 2]);
});

test('but not for ever', () => {
  assert.throws(() => withTimeLimit(LIMIT_MS, 'a sleep', () => sleep(60_000)), { code: 'TIME_LIMIT' });
});

test('its own errors and results pass', () => {
  assert.equal(
    withTimeLimit(LIMIT_MS, 'a sum', () => 1 + 1),
    2,
  );
  assert.throws(
    () =>
      withTimeLimit(LIMIT_MS, 'a throw', () => {
        throw new RangeError('own');
      }),
    RangeError,
  );
});
