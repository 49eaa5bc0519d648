import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ChainProcess, Cluster, until } from '../../support/consensus/cluster.ts';
import { genesisFor } from '../../support/consensus/test-genesis.ts';

const SNAPSHOT_EVERY = 10;

let cluster: Cluster;
const newcomers: ChainProcess[] = [];

before(async () => {
  cluster = await Cluster.make({ genesis: genesisFor, snapshotEvery: SNAPSHOT_EVERY });
  await cluster.start();
  await until(() => cluster.validators.every(({ height }) => height >= 3 * SNAPSHOT_EVERY), 'thirty blocks');
});
after(async () => {
  await Promise.all(newcomers.map((one) => one.kill()));
  await cluster.stop();
});

/** Follows up to where the others are now. */
async function caughtUp(node: ChainProcess): Promise<void> {
  const target = Math.max(...cluster.validators.map(({ height }) => height)) + 2;
  await until(
    () => node.height >= target,
    `${node.name} at ${target}: ${node.height} ${node.log.slice(-500)}`,
  );
  assert.deepEqual(cluster.contradictions([...cluster.validators, node]), []);
}

test('a newcomer begins from a snapshot that light verification proves, and survives being killed', async () => {
  const node = await cluster.newcomer();
  newcomers.push(node);
  // The genesis is a year old, and vouches for nothing.
  const vouched = cluster.validators[0]!.blocks.get(SNAPSHOT_EVERY)!;
  await node.start({ snapshotLag: 5, trust: `${vouched.height}:${vouched.id}` });
  await caughtUp(node);
  assert.ok(Math.min(...node.blocks.keys()) > SNAPSHOT_EVERY, 'it ran through the blocks');
  await node.kill();
  await node.start({ snapshotLag: 5 });
  await caughtUp(node);
});

test('a newcomer runs through all blocks when no snapshot is wanted', async () => {
  const node = await cluster.newcomer();
  newcomers.push(node);
  await node.start({ snapshotLag: 1_000_000 });
  await caughtUp(node);
  assert.equal(Math.min(...node.blocks.keys()), 1);
});

test('with two of four down nothing is decided; with one back the chain goes on', async () => {
  const [first, second, third, fourth] = cluster.validators as [
    ChainProcess,
    ChainProcess,
    ChainProcess,
    ChainProcess,
  ];
  await Promise.all([third.kill(), fourth.kill()]);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const stuck = Math.max(first.height, second.height);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.equal(Math.max(first.height, second.height), stuck);
  await third.start();
  await until(() => first.height >= stuck + 2, 'going on with three');
  await fourth.start();
  await caughtUp(fourth);
});
