/** Limits and pauses of a whole swarm, between two real ones. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Torrent } from '#distribution';
import { KiB, makeTorrent, startSwarm, temporaryDirectory } from '../../support/swarm.ts';

const BYTES = 512 * KiB;

/** A seed and a leecher that knows its address. */
async function pair(t: TestContext) {
  const folder = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(folder, 'seed'), { file: BYTES }, { pieceLength: 64 * KiB });
  const [seeding, leeching] = [await startSwarm(t), await startSwarm(t)];
  const seed = await seeding.add({ metainfo, directory: join(folder, 'seed'), trackers: [] });
  const begin = async () => {
    const leecher = await leeching.add({
      ...{ metainfo, directory: join(folder, 'leecher'), trackers: [] },
      want: 'all',
    });
    leecher.addPeer('127.0.0.1', seeding.port);
    return leecher;
  };
  return { seeding, leeching, seed, begin };
}

const uploadedBy = (torrent: Torrent): number =>
  torrent.peers().reduce((sum, { uploaded }) => sum + uploaded, 0);

test('a paused swarm uploads nothing, and goes on when the pause ends', async (t) => {
  const { seeding, seed, begin } = await pair(t);
  seeding.pause(true);
  const leecher = await begin();
  while (![...seed.connected].some(({ interested }) => interested)) await sleep(5);
  await sleep(20);
  assert.ok([...seed.connected].every(({ choked }) => choked));
  assert.equal(uploadedBy(seed), 0);
  seeding.pause(false);
  await leecher.wait('all');
  seeding.pause(true);
});

test('a swarm sends no more than its upload limit, which can be lifted while it runs', async (t) => {
  const { seeding, seed, begin } = await pair(t);
  seeding.limit({ up: 1, down: Infinity });
  const leecher = await begin();
  while (uploadedBy(seed) === 0) await sleep(5);
  await sleep(20);
  assert.equal(uploadedBy(seed), 16 * KiB, 'the debt of one block takes hours at one byte per second');
  seeding.limit({ up: Infinity, down: Infinity });
  await leecher.wait('all');
});

test('a swarm requests no more than its download limit, which can be lifted while it runs', async (t) => {
  const { leeching, seed, begin } = await pair(t);
  leeching.limit({ up: Infinity, down: 1 });
  const leecher = await begin();
  while (uploadedBy(seed) === 0) await sleep(5);
  await sleep(20);
  assert.equal(uploadedBy(seed), 16 * KiB);
  leeching.limit({ up: Infinity, down: Infinity });
  await leecher.wait('all');
});
