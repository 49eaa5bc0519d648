import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '#base';
import { Tracker } from '#distribution';
import {
  afterwards,
  hashFiles,
  KiB,
  MiB,
  makeTorrent,
  startSwarm,
  temporaryDirectory,
} from '../../support/swarm.ts';

test('one seeder, three leechers: every file arrives, and the leechers serve each other', async (t) => {
  const home = await temporaryDirectory(t);
  const tracker = new Tracker({});
  await tracker.start();
  afterwards(t, () => tracker.stop());
  const trackers = [tracker.announceUrl];
  const metainfo = await makeTorrent(join(home, 'seed'), {
    'a.bin': 9 * MiB + 5,
    'dir/b.bin': 7 * MiB,
    empty: 0,
  });
  const seeder = await startSwarm(t, { uploadSlots: 2 });
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers });
  const leechers = await Promise.all(
    ['l1', 'l2', 'l3'].map(async (name) => {
      const swarm = await startSwarm(t);
      return swarm.add({ metainfo, directory: join(home, name), trackers, want: 'all' });
    }),
  );
  await Promise.all(leechers.map((torrent) => torrent.wait('all', AbortSignal.timeout(120_000))));

  const expected = await hashFiles(join(home, 'seed'), metainfo);
  for (const torrent of leechers) {
    assert.deepEqual(await hashFiles(torrent.directory, metainfo), expected);
    assert.deepEqual(torrent.progress().bytesHave, metainfo.length);
    const downloaded = torrent.peers().reduce((sum, peer) => sum + peer.downloaded, 0);
    assert.ok(downloaded >= metainfo.length, 'totals are kept after disconnects');
  }
  const fromSeeder = leechers.map((torrent) => {
    return torrent.peers().find(({ peerId }) => toHex(peerId) === toHex(seeder.peerId))?.downloaded ?? 0;
  });
  assert.ok(fromSeeder.reduce((a, b) => a + b) < 3 * metainfo.length, 'some bytes came from other leechers');
});

test('only pieces with wanted bytes are fetched', async (t) => {
  const home = await temporaryDirectory(t);
  const pieceLength = 64 * KiB;
  const metainfo = await makeTorrent(join(home, 'seed'), { 'm.gguf': 4 * MiB }, { pieceLength });
  const seeder = await startSwarm(t);
  await seeder.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const swarm = await startSwarm(t);
  const torrent = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [] });
  const order: number[] = [];
  torrent.on('piece', (index) => order.push(index));
  torrent.want([{ file: 'm.gguf', offset: 10 * pieceLength - 1, length: 2 }]);
  torrent.want([{ file: 'm.gguf', offset: 20 * pieceLength, length: 3 * pieceLength }]);
  assert.equal(torrent.progress().bytesWanted, 5 * pieceLength);
  torrent.addPeer('127.0.0.1', seeder.port);
  await torrent.wait([{ file: 'm.gguf', offset: 20 * pieceLength, length: 3 * pieceLength }]);
  await torrent.wait([{ file: 'm.gguf', offset: 10 * pieceLength - 1, length: 2 }]);
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    [9, 10, 20, 21, 22],
  );
  assert.equal((await torrent.read('m.gguf', 10 * pieceLength - 1, 2)).length, 2);
  await assert.rejects(torrent.read('m.gguf', 0, 1), { code: 'PIECE_MISSING' });

  torrent.want('all');
  await torrent.wait('all', AbortSignal.timeout(120_000));
  assert.deepEqual(
    await hashFiles(torrent.directory, metainfo),
    await hashFiles(join(home, 'seed'), metainfo),
  );
});

test('a node does not keep a connection to itself, nor two to the same peer', async (t) => {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'a'), { 'm.bin': MiB });
  const [a, b] = [await startSwarm(t), await startSwarm(t)];
  const seed = await a.add({ metainfo, directory: join(home, 'a'), trackers: [] });
  const idle = await b.add({ metainfo, directory: join(home, 'b'), trackers: [] });
  seed.addPeer('127.0.0.1', a.port);
  seed.addPeer('127.0.0.1', b.port);
  idle.addPeer('127.0.0.1', a.port);
  idle.addPeer('localhost', a.port);
  idle.want('all');
  await idle.wait('all', AbortSignal.timeout(120_000));
  assert.deepEqual(
    seed.peers().map(({ peerId }) => toHex(peerId)),
    [toHex(b.peerId)],
  );
  assert.deepEqual(
    idle.peers().map(({ peerId }) => toHex(peerId)),
    [toHex(a.peerId)],
  );
});

test('a stranger that speaks another protocol, or asks for another torrent, is disconnected', async (t) => {
  const { connect } = await import('node:net');
  const swarm = await startSwarm(t);
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: */*\r\n\r\n\r\n'),
    randomBytes(5000),
  ]) {
    const socket = connect(swarm.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
  }
});
