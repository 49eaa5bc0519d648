import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { verifyFiles } from '#distribution';
import { startRoguePeer } from '../../support/rogue-peer.ts';
import { hashFiles, KiB, MiB, makeTorrent, startSwarm, temporaryDirectory } from '../../support/swarm.ts';

const deadline = () => AbortSignal.timeout(120_000);

test('kill -9 in mid-download: what was verified is kept, nothing corrupt is, the rest is fetched', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { 'a.bin': 20 * MiB, 'b.bin': 12 * MiB + 3 });
  await writeFile(join(home, 'm.torrent'), metainfo.bytes);
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });

  const script = join(import.meta.dirname, '../../support/leecher-process.ts');
  const args = [script, join(home, 'm.torrent'), join(home, 'leech'), String(seeder.port)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  let reported = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    reported = Number(line);
    if (reported > metainfo.length / 4) child.kill('SIGKILL');
  }
  assert.equal((await exit)[1], 'SIGKILL');

  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  const kept = torrent.progress().bytesHave;
  assert.ok(kept >= reported, `every reported piece is kept: ${kept} of ${reported}`);
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait('all', deadline());
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'seed'), metainfo),
  );
  assert.ok(
    torrent.peers()[0]!.downloaded <= metainfo.length - kept + 4 * MiB,
    'verified pieces are not fetched again',
  );
});

test('a second start verifies what is there and fetches nothing; a damaged piece is found', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'm'), { 'a.bin': 3 * MiB });
  const swarm = await startSwarm(t);
  const open = () => swarm.add({ metainfo, directory: join(home, 'm'), trackers: [], want: 'all' });
  const first = await open();
  assert.equal(first.isComplete, true);
  await swarm.remove(first);
  const bytes = await readFile(join(home, 'm/a.bin'));
  bytes[100 * KiB]! ^= 1;
  await writeFile(join(home, 'm/a.bin'), bytes);
  const second = await open();
  assert.equal(second.progress().bytesHave, metainfo.length - metainfo.pieceLength);
  assert.equal(second.hasPiece(1), false);
});

test('a peer that sends garbage is banned, and the download completes from another', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { 'a.bin': 8 * MiB });
  const liar = await startRoguePeer(t, metainfo, ({ length }) => new Uint8Array(length).fill(0xbd));
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  torrent.addPeer('127.0.0.1', liar.port);
  while (liar.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait('all', deadline());
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'seed'), metainfo),
  );
  assert.equal(liar.connections, 1, 'a banned address is not dialled again');
});

test('a peer that corrupts single blocks of pieces it shares with an honest one is found out', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { 'a.bin': 2 * MiB }, { pieceLength: 256 * KiB });
  const data = await readFile(join(home, 'seed/a.bin'));
  const liar = await startRoguePeer(t, metainfo, ({ index, begin, length }) => {
    const block = data.subarray(index * metainfo.pieceLength + begin).subarray(0, length);
    return begin % (32 * KiB) === 0 ? block : new Uint8Array(length);
  });
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  torrent.addPeer('127.0.0.1', liar.port);
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait('all', deadline());
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'seed'), metainfo),
  );
});

test('a peer that takes requests and never answers does not hold up the download', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { 'a.bin': 8 * MiB });
  const silent = await startRoguePeer(t, metainfo, () => undefined);
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  torrent.addPeer('127.0.0.1', silent.port);
  while (silent.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait('all', deadline());
  assert.equal(torrent.isComplete, true);
});

test('a disk that refuses a piece ends the download with an error that names the place', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { 'a.bin': MiB, 'b.bin': MiB });
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  await mkdir(join(home, 'leech'));
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  await mkdir(join(home, 'leech/b.bin'));
  const failed = assert.rejects(torrent.wait('all', deadline()), { code: 'STORE_FAILED', message: /leech/ });
  torrent.addPeer('127.0.0.1', seeder.port);
  await failed;
});

test('files are compared with the manifest’s hashes after a whole download', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'm'), { 'a.bin': 3 * MiB, 'b.bin': 5 });
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'm'), trackers: [] });
  const [a, b] = (await hashFiles(join(home, 'm'), metainfo)).map(
    (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
  );
  const files = [
    { path: 'a.bin', size: 3 * MiB, sha256: a! },
    { path: 'b.bin', size: 5, sha256: b! },
  ];
  await verifyFiles(torrent, files);
  const mismatch = { code: 'FILE_HASH_MISMATCH', message: /b\.bin/ };
  await assert.rejects(verifyFiles(torrent, [files[0]!, { ...files[1]!, sha256: a! }]), mismatch);
  await assert.rejects(verifyFiles(torrent, [files[0]!, { ...files[1]!, size: 6 }]), mismatch);
});
