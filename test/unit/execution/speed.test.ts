import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureSpeed } from '#execution';

test('the engine is timed on a model of a known shape, for a few tokens at least', async () => {
  const { blocks, threads, reference, msPerToken } = await measureSpeed({
    threads: 1,
    warmUpMs: 0,
    measureMs: 0,
  });
  assert.deepEqual({ blocks, threads, reference }, { blocks: 30, threads: 1, reference: 'SmolLM2-135M' });
  assert.ok(msPerToken > 0);
});

test('a measurement that is stopped ends with the reason of its signal', async () => {
  const reason = new Error('enough');
  const options = { threads: 1, warmUpMs: 60_000, measureMs: 60_000 };
  const stop = new AbortController();
  const speed = measureSpeed({ ...options, signal: stop.signal });
  stop.abort(reason);
  await assert.rejects(speed, (error: Error) => error === reason || error.cause === reason);
});
