import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashFiles, KiB, makeTorrent, startSwarm, temporaryDirectory } from '../support/swarm.ts';

/** Files that this process has open. */
const opened = (): number => readdirSync('/proc/self/fd').length;

test('ten thousand shards and what belongs to them travel, and few of them are open at a time', {
  skip: process.platform === 'linux' ? false : 'open files are counted in /proc',
}, async (t) => {
  const home = await temporaryDirectory(t);
  const names = Array.from({ length: 10_000 }, (_, i) => `model-${i}-of-10000.safetensors`);
  const sizes = [...names, 'config.json', 'tokenizer.json', 'model.safetensors.index.json'].map(
    (name): [string, number] => [name, 700],
  );
  const metainfo = await makeTorrent(join(home, 'seed'), Object.fromEntries(sizes), {
    pieceLength: 64 * KiB,
  });
  assert.equal(metainfo.files.length, 10_003);
  const before = opened();
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const leecher = await startSwarm(t);
  const torrent = await leecher.add({
    metainfo,
    directory: join(home, 'leech'),
    trackers: [],
    want: 'all',
  });
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, opened() - before);
  }, 20);
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait('all', AbortSignal.timeout(300_000)).finally(() => clearInterval(look));
  assert.ok(most < 200, `${most} files open at once`);
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'seed'), metainfo),
  );
});
