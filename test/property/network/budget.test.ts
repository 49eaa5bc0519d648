import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Budgets, type Limits, OBJECT_BYTES } from '#network';

const peer: Limits = {
  heldBytes: 5_000,
  bytesPerSecond: 10,
  burstBytes: 100,
  cpuMsPerSecond: 1,
  burstCpuMs: 5,
};
const all: Limits = {
  heldBytes: 12_000,
  bytesPerSecond: 20,
  burstBytes: 250,
  cpuMsPerSecond: 1,
  burstCpuMs: 5,
};

/** What five peers have when the sum of all is used up. */
const reserves = (limit: number) => (5 * limit) / 64;

const step = fc.oneof(
  fc.record({ peer: fc.nat(4), hold: fc.nat(2_000) }),
  fc.record({ peer: fc.nat(4), take: fc.nat(120) }),
  fc.record({ release: fc.nat(50) }),
  fc.record({ pass: fc.nat(2_000) }),
);

test('in whatever order, nobody holds or takes more than the limits, alone or together', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let now = 0;
      const budgets = new Budgets({ peer, address: peer, all }, { now: () => now, cpuMs: () => now });
      const held: { peer: number; cost: number; release: () => void }[] = [];
      const taken: number[] = [0, 0, 0, 0, 0];
      for (const step of steps) {
        try {
          if ('pass' in step) now += step.pass;
          else if ('release' in step) held.splice(step.release % (held.length || 1), 1)[0]?.release();
          else if ('take' in step) {
            budgets.of(`${step.peer}`).take(step.take);
            taken[step.peer]! += step.take;
          } else {
            const release = budgets.of(`${step.peer}`).hold(step.hold);
            held.push({ peer: step.peer, cost: step.hold + OBJECT_BYTES, release });
          }
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'BUDGET_EXCEEDED');
        }
        const sum = (of?: number) =>
          held.filter((h) => of === undefined || h.peer === of).reduce((total, { cost }) => total + cost, 0);
        assert.ok(sum() <= all.heldBytes + reserves(peer.heldBytes));
        for (const i of taken.keys()) {
          assert.ok(sum(i) <= peer.heldBytes);
          assert.ok(taken[i]! <= peer.burstBytes + (peer.bytesPerSecond * now) / 1000 + 1e-6);
        }
        const most = (of: Limits) => of.burstBytes + (of.bytesPerSecond * now) / 1000;
        assert.ok(taken.reduce((a, b) => a + b) <= most(all) + reserves(most(peer)) + 1e-6);
      }
      for (const { release } of held) release();
      now += 1e9;
      budgets.of('0').hold(peer.heldBytes - OBJECT_BYTES);
    }),
    { numRuns: 300 },
  );
});
