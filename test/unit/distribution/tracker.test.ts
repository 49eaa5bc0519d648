import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Tracker } from '#distribution';
import { announce } from '../../../src/distribution/announce.ts';

const peer = (n: number, infohash: number) => ({
  infohash: new Uint8Array(20).fill(infohash),
  peerId: new Uint8Array(20).fill(n),
  port: 1000 + n,
  uploaded: 0,
  downloaded: 0,
  left: 5,
});

test('a tracker tells peers of each other, for the torrents it serves', async (t) => {
  const tracker = new Tracker({ infohashes: [new Uint8Array(20).fill(0xab)], intervalSeconds: 30 });
  await tracker.start();
  t.after(() => tracker.stop());
  const url = tracker.announceUrl;
  const first = await announce(url, { ...peer(1, 0xab), event: 'started' });
  assert.equal(first.interval, 30);
  const { peers } = await announce(url, { ...peer(2, 0xab), event: 'started' });
  assert.deepEqual(peers.map(({ port }) => port).sort(), [1001, 1002]);
  await announce(url, { ...peer(1, 0xab), event: 'stopped' });
  const left = await announce(url, peer(2, 0xab));
  assert.deepEqual(
    left.peers.map(({ port }) => port),
    [1002],
  );
  await assert.rejects(announce(url, { ...peer(1, 0xcd), event: 'started' }), {
    code: 'TRACKER_FAILED',
    message: /unknown torrent/,
  });
});

test('a tracker that is not there, or a port that is taken, is named', async (t) => {
  const tracker = new Tracker({});
  await tracker.start();
  t.after(() => tracker.stop());
  const port = Number(new URL(tracker.announceUrl).port);
  await assert.rejects(new Tracker({ port }).start(), { code: 'LISTEN_FAILED' });
  const gone = new Tracker({});
  await gone.start();
  const url = gone.announceUrl;
  await gone.stop();
  await assert.rejects(announce(url, peer(1, 1)), { code: 'TRACKER_FAILED' });
});

test('redirects are followed within bounds, and not to other protocols', async (t) => {
  const answer = Buffer.from('d8:intervali60e5:peers6:\x7f\0\0\x01\x1a\xe1e', 'latin1');
  const server = createServer((request, response) => {
    const hops = Number(new URL(request.url!, 'http://x').pathname.slice(1));
    if (hops === 0) response.end(answer);
    else if (hops < 0) response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    else response.writeHead(307, { location: `/${hops - 1}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = (hops: number) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${hops}`;
  const { peers } = await announce(url(3), peer(1, 1));
  assert.deepEqual(
    peers.map(({ host, port }) => [host, port]),
    [['127.0.0.1', 6881]],
  );
  await assert.rejects(announce(url(4), peer(1, 1)), { message: /more than 3 redirects/ });
  await assert.rejects(announce(url(-1), peer(1, 1)), { message: /redirects to file:/ });
});
