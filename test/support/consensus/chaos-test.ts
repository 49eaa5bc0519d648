import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos, DISK_BYTES } from './chaos.ts';
import { Cluster } from './cluster.ts';
import { genesisFor, NETWORK } from './test-genesis.ts';

export function chaosTest(kills: number): void {
  test(`four validators survive ${kills} kills between any two writes, stops, lost connections, full disks and skewed clocks`, async (t) => {
    const skewMs = [0, 5_000, -5_000, 0];
    const cluster = await Cluster.make({ genesis: genesisFor, skewMs, disk: DISK_BYTES });
    t.after(() => cluster.stop());
    await cluster.start();
    const report = await chaos(cluster, { kills, seed: 'fast slice', network: NETWORK });
    assert.ok(report.kills >= kills);
    if (typeof cluster.disk === 'string') console.log(`skipped the full disk: ${cluster.disk}`);
    else assert.ok(report.faults.get('disk full'));
    assert.ok(report.payments > 0, 'no payment became final');
  });
}
