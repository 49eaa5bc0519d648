import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoopMonitor } from '#base';

/** Ticks after so many milliseconds of computing each. */
function measured(...computed: number[]) {
  let cpu = 0;
  const monitor = new LoopMonitor({ cpuMs: () => cpu, now: () => 1_000 + cpu });
  for (const ms of computed) {
    cpu += ms;
    monitor.tick();
  }
  monitor.stop();
  return monitor.view();
}

test('counts computing between two ticks by its length', () => {
  const { counts, max, long } = measured(0, 3, 10, 120, 2_000);
  const counted = Object.fromEntries(counts.map(({ upTo, count }) => [`${upTo}`, count]));
  assert.deepEqual([counted['5'], counted['10'], counted['150'], counted.null], [2, 1, 1, 1]);
  assert.equal(max, 2_000);
  assert.deepEqual(long, [
    { at: 1_133, ms: 120 },
    { at: 3_133, ms: 2_000 },
  ]);
});

test('99 of 100 were no longer than it says', () => {
  assert.equal(measured(...new Array(99).fill(4), 130).p99, 5);
  assert.equal(measured(...new Array(98).fill(4), 130, 140).p99, 140, 'never more than the longest');
  assert.equal(measured().p99, 0);
});

test('remembers the latest of the long ones only', () => {
  const { long } = measured(...Array.from({ length: 100 }, (_, i) => 60 + i));
  assert.equal(long.length, 32);
  assert.equal(long.at(-1)!.ms, 159);
});

test('what the thread computes counts, what it waits for does not', async () => {
  const monitor = new LoopMonitor();
  monitor.tick();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  monitor.tick();
  const waited = monitor.view().max;
  const used = () => process.threadCpuUsage().user + process.threadCpuUsage().system;
  const from = used();
  while (used() - from < 80_000);
  monitor.tick();
  monitor.stop();
  assert.ok(waited < 80, `${waited} ms`);
  assert.ok(monitor.view().max >= 80);
});
