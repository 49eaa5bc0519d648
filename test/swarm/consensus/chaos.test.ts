import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos, DISK_BYTES } from '../../support/consensus/chaos.ts';
import { Cluster } from '../../support/consensus/cluster.ts';
import { genesisFor, NETWORK } from '../../support/consensus/test-genesis.ts';

/** A slice of `npm run chaos:chain`. */
const KILLS = 5;

test('four validators survive kills between any two writes, stops, lost connections, full disks and skewed clocks', async (t) => {
  const cluster = await Cluster.make({
    genesis: genesisFor,
    skewMs: [0, 5_000, -5_000, 0],
    disk: DISK_BYTES,
  });
  t.after(() => cluster.stop());
  await cluster.start();
  const report = await chaos(cluster, { kills: KILLS, seed: 'fast slice', network: NETWORK });
  assert.ok(report.kills >= KILLS);
  if (typeof cluster.disk === 'string') console.log(`skipped the full disk: ${cluster.disk}`);
  else assert.ok(report.faults.get('disk full'));
  assert.ok(report.payments > 0, 'no payment became final');
});
