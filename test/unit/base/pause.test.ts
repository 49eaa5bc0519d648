import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause } from '#base';

test('a pause ends at once when its signal aborts', async () => {
  const stop = new AbortController();
  const paused = assert.rejects(pause(3_600_000, stop.signal), { name: 'AbortError' });
  stop.abort();
  await paused;
  await pause(0);
});
