import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Metainfo, Tracker } from '#distribution';
import {
  afterwards,
  hashFiles,
  MiB,
  makeTorrent,
  startSwarm,
  temporaryDirectory,
} from '../../support/swarm.ts';

const isInstalled = spawnSync('aria2c', ['--version']).status === 0;
const missing = isInstalled ? false : 'aria2c is not installed (Debian: apt-get install aria2)';

async function setUp(t: TestContext): Promise<{ home: string; metainfo: Metainfo; trackers: string[] }> {
  const home = await temporaryDirectory(t);
  const tracker = new Tracker({});
  await tracker.start();
  afterwards(t, () => tracker.stop());
  const trackers = [tracker.announceUrl];
  const metainfo = await makeTorrent(
    join(home, 'seed'),
    { 'model.gguf': 20 * MiB + 7, 'sub/config.json': 900 },
    { trackers },
  );
  await writeFile(join(home, 'm.torrent'), metainfo.bytes);
  return { home, metainfo, trackers };
}

function aria2(t: TestContext, home: string, directory: string, ...more: string[]): ChildProcess {
  const quiet = ['--no-conf', '--enable-dht=false', '--enable-dht6=false', '--enable-peer-exchange=false'];
  const plain = [
    '--file-allocation=none',
    '--console-log-level=error',
    '--summary-interval=0',
    '--listen-port=42000-42999',
  ];
  const child = spawn('aria2c', [...quiet, ...plain, ...more, '-d', directory, join(home, 'm.torrent')], {
    stdio: 'ignore',
  });
  afterwards(t, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });
  return child;
}

test('aria2 downloads the whole torrent from our seeder', { skip: missing, timeout: 120_000 }, async (t) => {
  const { home, metainfo, trackers } = await setUp(t);
  const seeder = await startSwarm(t);
  const torrent = await seeder.add({ metainfo, directory: join(home, 'seed'), trackers });
  const child = aria2(t, home, join(home, 'aria'), '--seed-time=0');
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
  // aria2 puts a torrent of several files into a folder of its name.
  const got = await hashFiles(join(home, 'aria', metainfo.name), metainfo);
  assert.deepEqual(got, await hashFiles(join(home, 'seed'), metainfo));
  assert.ok(torrent.peers()[0]!.uploaded >= metainfo.length);
});

test('our leecher downloads the whole torrent from aria2', { skip: missing, timeout: 120_000 }, async (t) => {
  const { home, trackers } = await setUp(t);
  // aria2 looks for the files below a folder of the torrent's name.
  const metainfo = await makeTorrent(
    join(home, 'model'),
    { 'model.gguf': 20 * MiB + 7, 'sub/config.json': 900 },
    { trackers },
  );
  await writeFile(join(home, 'm.torrent'), metainfo.bytes);
  aria2(t, home, home, '--seed-ratio=0', '--check-integrity=true');
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers, want: 'all' });
  await torrent.wait('all', AbortSignal.timeout(100_000));
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'model'), metainfo),
  );
  assert.ok(torrent.peers().some(({ peerId }) => /^(A2|-A2)/.test(Buffer.from(peerId).toString('latin1'))));
});

test('one seeder of ours, leechers of both kinds', { skip: missing, timeout: 120_000 }, async (t) => {
  const { home, metainfo, trackers } = await setUp(t);
  const seeder = await startSwarm(t, { uploadSlots: 1 });
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers });
  const child = aria2(t, home, join(home, 'aria'), '--seed-time=0');
  const exit = once(child, 'exit');
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers, want: 'all' });
  await torrent.wait('all', AbortSignal.timeout(100_000));
  assert.equal((await exit)[0], 0);
  const expected = await hashFiles(join(home, 'seed'), metainfo);
  assert.deepEqual(await hashFiles(torrent.directory, metainfo), expected);
  assert.deepEqual(await hashFiles(join(home, 'aria', metainfo.name), metainfo), expected);
});
