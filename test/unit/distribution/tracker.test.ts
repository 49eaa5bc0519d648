import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Tracker } from '#distribution';
import { announce, parseAnnounce } from '../../../src/distribution/announce.ts';
import { addressesWithin, getWithin } from '../../../src/distribution/scoped-http.ts';

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

test('a name is looked up once, and the connection goes to the addresses that were checked', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://other.invalid/' }).end();
    else response.end(`for ${request.headers.host}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const asked: string[] = [];
  const lookup = async (name: string) => {
    asked.push(name);
    return name === 'tracker.invalid' ? ['127.0.0.1'] : [];
  };
  const options = { maxBytes: 100, signal: AbortSignal.timeout(5_000), lookup };
  const { bytes, scope } = await getWithin(new URL(`http://tracker.invalid:${port}/`), options);
  assert.equal(Buffer.from(bytes).toString(), `for tracker.invalid:${port}`);
  assert.equal(scope, 'loopback');
  assert.deepEqual(asked, ['tracker.invalid']);
  await assert.rejects(getWithin(new URL(`http://tracker.invalid:${port}/away`), options), {
    message: /other\.invalid has no usable address/,
  });
});

const INSIDE = /leads to a|no usable address/;

test('a redirect leads no further inside, whatever else its name leads to', async () => {
  const signal = AbortSignal.timeout(5_000);
  const within = (host: string, addresses: string[], from: 'public' | 'private') =>
    addressesWithin(new URL(`http://${host}/`), from, { signal, lookup: async () => addresses });
  assert.deepEqual(await within('mixed.example', ['127.0.0.1', '8.8.8.8', '10.0.0.1'], 'public'), [
    '8.8.8.8',
  ]);
  assert.deepEqual(await within('mixed.example', ['127.0.0.1', '10.0.0.1'], 'private'), ['10.0.0.1']);
  for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1'])
    await assert.rejects(within('inside.example', [address], 'public'), { message: INSIDE }, address);
  for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '2130706433', '0x7f.1'])
    await assert.rejects(within(host, [], 'public'), { message: INSIDE }, host);
});

test('a tracker that an invite named leads no further inside than the invite', async (t) => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.end('d8:intervali60e5:peers0:e');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://localhost:${(server.address() as AddressInfo).port}/announce`;
  const request = { infohash: new Uint8Array(20), peerId: new Uint8Array(20), port: 1 };
  const ask = (from?: 'public') =>
    announce(url, { ...request, uploaded: 0, downloaded: 0, left: 0 }, { from });
  await assert.rejects(ask('public'), { code: 'TRACKER_FAILED', message: INSIDE });
  assert.equal(asked, 0);
  assert.equal((await ask()).interval, 60);
});

test('answers that are packed are read, within their bound', async (t) => {
  const answer = Buffer.from('d8:interval2:60e', 'latin1');
  const server = createServer((request, response) => {
    const body = request.url === '/bomb' ? Buffer.alloc(1 << 24) : answer;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const get = (path: string) =>
    getWithin(new URL(path, `http://127.0.0.1:${(server.address() as AddressInfo).port}`), {
      maxBytes: 1 << 16,
      signal: AbortSignal.timeout(5_000),
    });
  assert.deepEqual(Buffer.from((await get('/')).bytes), answer);
  await assert.rejects(get('/bomb'), { message: /longer than/ });
});

test('numbers as texts, IPv4 in IPv6 and bytes left over are taken as they are meant', () => {
  const parse = (text: string) => parseAnnounce(Buffer.from(text, 'latin1'));
  assert.equal(parse('d8:interval2:60e').interval, 60);
  assert.equal(parse('d8:interval5:-1e99e').interval, 1800);
  const places = (text: string) => parse(text).peers.map(({ host, port }) => `${host} ${port}`);
  const mapped = `${'\0'.repeat(10)}\xff\xff\x7f\0\0\x01\x1a\xe1`;
  assert.deepEqual(places(`d6:peers618:${mapped}e`), ['127.0.0.1 6881']);
  assert.deepEqual(places('d5:peersld2:ip16:::ffff:127.0.0.14:port4:6881eee'), ['127.0.0.1 6881']);
  assert.deepEqual(places('d5:peers8:\x7f\0\0\x01\x1a\xe1xxe'), ['127.0.0.1 6881']);
});
