import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { BitorchError, createLog } from '#base';
import { SigningKey } from '#crypto';
import { type FrameStream, Host, publicKeyOf } from '#network';
import { until } from '../../support/network.ts';

const log = createLog('silent');
const startHost = (key = SigningKey.generate()) => Host.start({ key }, { log });
const addressOf = (host: Host) => ({ id: host.id, addresses: host.addresses });

/**
 * Many hosts of this one process dial at the same time: their handshakes may take longer than either side allows, so those that ran
 * out of time dial again. A host that is refused is disconnected at once instead, which rejects here.
 */
async function connect(from: Host, to: Host): Promise<void> {
  while (!to.isConnected(from.id)) {
    try {
      await from.connect(addressOf(to));
    } catch (error) {
      if (!/aborted due to timeout/.test((error as Error).message)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a peer id is the public key', async (t) => {
  const key = SigningKey.generate();
  const host = await startHost(key);
  t.after(() => host.stop());
  assert.deepEqual(publicKeyOf(host.id), key.publicKey);
  assert.throws(() => publicKeyOf('nobody'), { code: 'PEER_ID_INVALID' });
});

test('a name that a peer gives as its address is not dialled: it may lead to a service of this machine', async (t) => {
  let dialled = 0;
  const service = createServer((socket) => {
    dialled++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const host = await startHost();
  const stranger = await createLibp2p({
    addresses: { announce: [`/dns4/localhost/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionGater: { denyDialMultiaddr: () => false },
  });
  t.after(() => Promise.all([host.stop(), stranger.stop(), service.close()]));
  const identified = new Promise((resolve) => stranger.addEventListener('peer:identify', resolve));
  await stranger.dial(multiaddr(host.addresses[0]!));
  await identified;
  await stranger.hangUp(peerIdFromString(host.id));
  await until(() => host.connected.length === 0);
  const id = stranger.peerId.toString();
  await assert.rejects(host.connect({ id, addresses: [] }), { code: 'PEER_UNREACHABLE' });
  assert.equal(dialled, 0);
});

test('a peer that dialed is found again, though it was away when it was first dialed', async (t) => {
  const key = SigningKey.generate();
  const host = await startHost();
  const first = await startHost(key);
  t.after(() => Promise.all([host.stop(), first.stop()]));
  await first.connect(addressOf(host));
  await until(() => host.connected.length === 1);
  const { id, addresses } = await host.whereaboutsOf(first.id);
  assert.deepEqual(
    addresses.map((address) => `${address}/p2p/${id}`),
    first.addresses,
  );
  const port = Number(first.addresses[0]!.split('/')[4]);
  await first.stop();
  await until(() => host.connected.length === 0);
  // What is kept of an address is looked at again whenever a dial fails.
  for (let i = 0; i < 3; i++)
    await assert.rejects(host.connect({ id, addresses: [] }), { code: 'PEER_UNREACHABLE' });
  const again = await Host.start({ key, listen: [`/ip4/127.0.0.1/tcp/${port}`] }, { log });
  t.after(() => again.stop());
  await host.connect({ id, addresses: [] });
  assert.deepEqual(host.connected, [id]);
});

test('many nodes of one address connect at once', async (t) => {
  const server = await startHost();
  const clients = await Promise.all(Array.from({ length: 20 }, () => startHost()));
  t.after(() => Promise.all([server, ...clients].map((host) => host.stop())));
  await Promise.all(clients.map((client) => connect(client, server)));
  await until(() => server.connected.length === clients.length);
});

test('frames arrive whole, in order, in both directions, of any size up to the limit', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => Promise.all([server.stop(), client.stop()]));
  await server.handle('/bitorch/test/echo/1', 1 << 20, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.send(frame);
    await stream.close();
  });
  const stream = await client.open(addressOf(server), '/bitorch/test/echo/1', 1 << 20);
  const sizes = [1, 3, 2304, 70_000, 1 << 20];
  for (const size of sizes) await stream.send(new Uint8Array(size).fill(size % 251));
  await stream.close();
  for (const size of sizes) {
    const frame = await stream.read();
    assert.equal(frame?.length, size);
    assert.ok(frame.every((byte) => byte === size % 251));
  }
  assert.equal(await stream.read(), undefined);
});

test('a frame over the limit ends the stream with an error on the reading side', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => Promise.all([server.stop(), client.stop()]));
  const seen = Promise.withResolvers<unknown>();
  await server.handle('/bitorch/test/small/1', 100, async (stream) => {
    await stream.read().catch(seen.resolve);
  });
  const stream = await client.open(addressOf(server), '/bitorch/test/small/1', 100);
  await stream.send(new Uint8Array(101));
  assert.equal(((await seen.promise) as BitorchError).code, 'FRAME_TOO_LONG');
  await assert.rejects(async () => {
    while (await stream.read());
  }, BitorchError);
});

test('a request carries an answer or the error of the other side', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => Promise.all([server.stop(), client.stop()]));
  await server.answer('/bitorch/test/double/1', async (message, from) => {
    if (typeof message !== 'number') throw BitorchError.relayed('NOT_A_NUMBER', 'send a number');
    return { twice: message * 2, from };
  });
  const protocol = '/bitorch/test/double/1';
  assert.deepEqual(await client.request(addressOf(server), protocol, 21), { twice: 42, from: client.id });
  await assert.rejects(client.request(addressOf(server), protocol, 'x'), (error: BitorchError) => {
    assert.equal(error.code, 'REMOTE_ERROR');
    assert.deepEqual(error.details, { peer: server.id, code: 'NOT_A_NUMBER', message: 'send a number' });
    return true;
  });
  await assert.rejects(client.request(addressOf(server), '/bitorch/test/none/1', 1), {
    code: 'PEER_UNREACHABLE',
  });
});

test('a question is small however long its answer is, is decoded within limits, and waits its turn', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => Promise.all([server.stop(), client.stop()]));
  const protocol = '/bitorch/test/long/1';
  const go = Promise.withResolvers<void>();
  let asked = 0;
  await server.answer(protocol, async (message) => {
    asked++;
    if (message !== 'wait') return new Uint8Array(900_000);
    await go.promise;
    return 'done';
  });
  const ask = (message: unknown) => client.request(addressOf(server), protocol, message);
  assert.equal(((await ask('short')) as Uint8Array).length, 900_000);
  await assert.rejects(ask(new Uint8Array(70_000)), { code: 'STREAM_CLOSED' });
  await assert.rejects(ask(Array.from({ length: 20_000 }, () => 0)), { code: 'REMOTE_ERROR' });
  assert.equal(asked, 1);
  const waiting = Array.from({ length: 40 }, () => ask('wait'));
  const refused = await Promise.race(
    waiting.map((one) =>
      one.then(
        () => undefined,
        (error) => error,
      ),
    ),
  );
  assert.ok(refused instanceof Error);
  go.resolve();
  const settled = await Promise.allSettled(waiting);
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 32);
});

test('a node dials only where who told it could go', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => Promise.all([server.stop(), client.stop()]));
  const far = { ...addressOf(server), learntFrom: 'public' } as const;
  await assert.rejects(client.connect(far), {
    code: 'PEER_UNREACHABLE',
    message: /none of its addresses may be dialled/,
  });
  assert.equal(client.isConnected(server.id), false);
  assert.equal(await client.connect({ ...far, learntFrom: 'loopback' }), server.id);
  assert.equal(client.scopeOf(server.id), 'loopback');
});

test('a killed connection is an error for the reader, not an end', async (t) => {
  const [server, client] = await Promise.all([startHost(), startHost()]);
  t.after(() => client.stop());
  const opened = Promise.withResolvers<FrameStream>();
  await server.handle('/bitorch/test/hold/1', 100, async (stream) => opened.resolve(stream));
  const stream = await client.open(addressOf(server), '/bitorch/test/hold/1', 100);
  await stream.send(new Uint8Array(1));
  (await opened.promise).abort();
  await assert.rejects(stream.read(), { code: 'STREAM_CLOSED' });
  await server.stop();
});

test('gossip reaches the others once their validator accepts it', async (t) => {
  const hosts = await Promise.all([startHost(), startHost(), startHost()]);
  t.after(() => Promise.all(hosts.map((host) => host.stop())));
  const got = hosts.slice(1).map(() => Promise.withResolvers<string>());
  hosts[0]!.subscribe('/bitorch/test/news/1', () => 'accept');
  for (const [i, host] of hosts.slice(1).entries()) {
    host.subscribe('/bitorch/test/news/1', (data) => {
      got[i]!.resolve(Buffer.from(data).toString());
      return 'accept';
    });
  }
  for (const host of hosts.slice(1)) await host.connect(hosts[0]!.addresses[0]!);
  const publish = setInterval(
    () => hosts[0]!.publish('/bitorch/test/news/1', Buffer.from(`hello ${Date.now()}`)),
    200,
  );
  const texts = await Promise.all(got.map(({ promise }) => promise));
  clearInterval(publish);
  for (const text of texts) assert.match(text, /^hello/);
});

test('many strangers of one address silence nobody else there', async (t) => {
  const topic = '/bitorch/test/news/1';
  const [listener, speaker] = await Promise.all([startHost(), startHost()]);
  const strangers = await Promise.all(Array.from({ length: 20 }, () => startHost()));
  t.after(() => Promise.all([listener, speaker, ...strangers].map((host) => host.stop())));
  const heard = new Set<string>();
  listener.subscribe(topic, (data) => {
    heard.add(Buffer.from(data).toString());
    return 'accept';
  });
  for (const host of [speaker, ...strangers]) host.subscribe(topic, () => 'accept');
  await Promise.all([speaker, ...strangers].map((host) => connect(host, listener)));
  for (let i = 0; heard.size === 0; i++) {
    await speaker.publish(topic, Buffer.from(`first ${i}`));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // What is thought of a peer is worked out anew after a second.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  heard.clear();
  for (let i = 0; i < 300 && heard.size === 0; i++) {
    await speaker.publish(topic, Buffer.from(`${i}`));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(heard.size > 0, 'the speaker was not heard');
});
