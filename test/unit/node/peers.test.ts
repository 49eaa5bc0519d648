import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Simulation } from '../../../bench/discovery/simulation.ts';

test('ten nodes that come and go find every model in virtual time, the same way each time, and send little', async () => {
  const run = async () => {
    const simulation = new Simulation({ nodes: 10, seed: 7 });
    await simulation.fill(10_000);
    await simulation.time.pass(120_000);
    return simulation.measure({ quietMs: 120_000, searches: 10 });
  };
  const result = await run();
  assert.equal(result.found, result.searches);
  assert.ok(result.bytesPerSecond <= 300, `${result.bytesPerSecond} B/s`);
  assert.deepEqual(await run(), result);
});
