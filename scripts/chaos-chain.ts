/**
 * Four validators in processes of their own, killed with SIGKILL again and again, some of them between two writes of
 * their journals; stopped, disconnected, writes refused, two of them 5 s off the right time, one with a disk of its own that
 * really runs full. Payments go on all the while. `node scripts/chaos-chain.ts [kills] [seed]` prints a report and fails when a block, a state, a final payment or
 * a coin is not where it has to be.
 */
import { chaos, DISK_BYTES } from '../test/support/consensus/chaos.ts';
import { Cluster } from '../test/support/consensus/cluster.ts';
import { genesisFor, NETWORK } from '../test/support/consensus/test-genesis.ts';

const kills = Number(process.argv[2] ?? 200);
const seed = process.argv[3] ?? 'chaos';
const cluster = await Cluster.make({ genesis: genesisFor, skewMs: [0, 5_000, -5_000, 0], disk: DISK_BYTES });
try {
  await cluster.start();
  const report = await chaos(cluster, { kills, seed, network: NETWORK, say: (line) => console.log(line) });
  console.log(`\n${report.kills} kills -9 in ${report.seconds.toFixed(0)} s, height ${report.height}`);
  for (const [fault, times] of report.faults) console.log(`  ${fault.padEnd(14)} ${times}`);
  if (typeof cluster.disk === 'string') console.log(`  disk full      skipped: ${cluster.disk}`);
  console.log(
    `${report.payments} payments were called final; every node has each of them where it was said to be`,
  );
  console.log('block and app hashes are equal everywhere; no coin is doubled or lost');
} finally {
  await cluster.stop();
}
process.exit();
