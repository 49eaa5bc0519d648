import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { calmWorld, TIMEOUTS } from '../../support/consensus/simulator/simulate.ts';

test('100 validators over links of 50 to 150 ms, each with ten neighbours, decide within 2 s', (t) => {
  const world = calmWorld(new Array(100).fill(1), {
    seed: 1,
    links: 10,
    delay: [50, 150],
    gossip: 1000,
    timeouts: { ...TIMEOUTS, commit: 500 },
  });
  const before = process.cpuUsage();
  const heights = 5;
  assert.ok(world.runUntil(() => world.honest.every(({ height }) => height > heights), 60_000));
  const { user, system } = process.cpuUsage(before);
  const worst = Math.max(...world.finality);
  const mean = world.finality.reduce((sum, one) => sum + one, 0) / world.finality.length;
  const cpu = (user + system) / 1000 / heights / 100;
  t.diagnostic(
    `finality ${mean.toFixed(0)} ms in the mean, ${worst} ms at worst; ${cpu.toFixed(1)} ms of CPU a node and height`,
  );
  assert.deepEqual(world.forks, []);
  assert.ok(worst <= 2000, `${worst} ms`);
});

test('a day of four validators, a block every ten seconds, does not grow', (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const world = calmWorld([1, 1, 1, 1], {
    seed: 2,
    gossip: 20_000,
    timeouts: { ...TIMEOUTS, commit: 10_000 },
  });
  const hour = 3_600_000;
  const used = (hours: number): number => {
    world.runUntil(() => world.queue.now >= hours * hour, Number.POSITIVE_INFINITY);
    world.finality.length = 0;
    collect();
    return process.memoryUsage().heapUsed;
  };
  const early = used(4);
  const late = used(24);
  const { height } = world.honest[0]!;
  t.diagnostic(
    `${height - 1} blocks; heap ${(early / 1e6).toFixed(1)} MB after 4 hours, ${(late / 1e6).toFixed(1)} MB after 24`,
  );
  assert.ok(height > 7000, `${height} blocks`);
  assert.ok(late - early < 4e6, `${early} bytes after 4 hours, ${late} after 24`);
});
