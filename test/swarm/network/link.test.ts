import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { type FrameStream, Host } from '#network';
import { UNCHARGED } from '../../../src/network/budget.ts';
import { LinkListener } from '../../../src/network/link-listener.ts';
import { decodeLinkOffer, encodeLinkOffer, Links } from '../../../src/network/links.ts';
import { localStream } from '../../../src/network/local-stream.ts';

const LIMIT = 1 << 20;
const HOST = '127.0.0.1';
const soon = () => AbortSignal.timeout(120_000);

/** A dialler's and a listener's side whose links are agreed on streams that `relay` stands between. */
async function ends(t: TestContext) {
  const listener = await LinkListener.start({ hosts: [HOST], port: 0 });
  const [dialling, listening] = ['node', 'node'].map(
    (id) => new Links({ id }, { listener, budgetOf: () => UNCHARGED }),
  );
  t.after(() => listening!.stop());
  return {
    listener,
    /** Both ends of a new stream after they have agreed; `port` tells the dialler another port than is offered. */
    async agree(
      host: string | undefined = HOST,
      port?: (offered: number) => Promise<number>,
      canLink?: boolean,
    ) {
      const [near, middle] = localStream('node', LIMIT);
      const [middleToo, far] = localStream('node', LIMIT);
      const relayed = (async () => {
        const offer = decodeLinkOffer((await middleToo.read(soon()))!);
        await middle.send(encodeLinkOffer({ ...offer, port: port ? await port(offer.port) : offer.port }));
        void pump(middleToo, middle);
        await pump(middle, middleToo);
      })();
      relayed.catch(() => undefined);
      const [dialler, answerer] = await Promise.all([
        dialling!.take(near, host, LIMIT, soon()),
        listening!.offer(far, LIMIT, canLink),
      ]);
      return { dialler, answerer, near, far, moved: dialler !== near && answerer !== far };
    },
  };
}

async function pump(from: FrameStream, to: FrameStream): Promise<void> {
  try {
    for (let frame = await from.read(); frame; frame = await from.read()) await to.send(frame);
    await to.close();
  } catch (error) {
    to.abort(error as Error);
  }
}

/** A TCP relay to `port` that passes what the dialler sends through `change`; resolves with its own port. */
async function relayTo(t: TestContext, port: number, change: (bytes: Buffer) => Buffer): Promise<number> {
  const server = createServer((socket) => {
    const onward = connect({ port, host: HOST });
    socket.on('data', (bytes) => onward.write(change(bytes)));
    onward.on('data', (bytes) => socket.write(bytes));
    for (const [a, b] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      a.on('error', () => undefined).on('close', () => b.destroy());
    }
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('frames of any size cross a link whole, in order, both ways; each side ends for itself', async (t) => {
  const { dialler, answerer, moved } = await (await ends(t)).agree();
  assert.ok(moved);
  const sizes = [1, 3, 2336, 70_000, LIMIT];
  const echo = (async () => {
    for (let frame = await answerer.read(); frame; frame = await answerer.read()) await answerer.send(frame);
    await answerer.close();
  })();
  for (const size of sizes) await dialler.send(new Uint8Array(size).fill(size % 251));
  await dialler.close();
  for (const size of sizes) {
    const frame = await dialler.read(soon());
    assert.equal(frame?.length, size);
    assert.ok(frame.every((byte) => byte === size % 251));
  }
  assert.equal(await dialler.read(soon()), undefined);
  await echo;
  assert.equal(await answerer.read(soon()), undefined);
});

test('a stream stays where it is when its link cannot be dialled', async (t) => {
  const { agree } = await ends(t);
  const closed = createServer();
  closed.listen(0, HOST);
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  for (const stay of [
    await agree(''),
    await agree(HOST, async () => 0),
    await agree(HOST, async () => port),
    await agree(HOST, undefined, false),
  ]) {
    assert.ok(!stay.moved && stay.dialler === stay.near && stay.answerer === stay.far);
    await stay.dialler.send(Uint8Array.of(7));
    assert.deepEqual(await stay.answerer.read(soon()), Uint8Array.of(7));
  }
});

test('who knows no token, or one that was used, is dropped', async (t) => {
  const { listener, agree } = await ends(t);
  let token = Buffer.alloc(0);
  const seen = async (offered: number) =>
    relayTo(t, offered, (bytes) => {
      token = Buffer.concat([token, bytes]);
      return bytes;
    });
  assert.ok((await agree(HOST, seen)).moved);
  for (const bytes of [token.subarray(0, 16), Buffer.alloc(16)]) {
    const stranger = connect({ port: listener.port, host: HOST });
    stranger.on('error', () => undefined);
    stranger.write(bytes);
    await once(stranger, 'close');
  }
});

test('a bit changed on the way ends the link with an error, and the change is never read', async (t) => {
  const { agree } = await ends(t);
  let frames = 0;
  const flip = async (offered: number) =>
    relayTo(t, offered, (bytes) => {
      // the token, then two frames: the second is changed
      if (bytes.length > 1000 && ++frames === 2) bytes[bytes.length - 100]! ^= 1;
      return bytes;
    });
  const { dialler, answerer } = await agree(HOST, flip);
  await dialler.send(new Uint8Array(2336));
  assert.equal((await answerer.read(soon()))?.length, 2336);
  await dialler.send(new Uint8Array(2336));
  await assert.rejects(answerer.read(soon()), { code: 'SEAL_INVALID' });
  await assert.rejects(dialler.read(soon()), { code: 'STREAM_CLOSED' });
});

test('a link breaks with the stream that it was agreed on, and a frame over the limit breaks it', async (t) => {
  const { agree } = await ends(t);
  const one = await agree();
  one.near.abort();
  await assert.rejects(one.answerer.read(soon()), { code: 'STREAM_CLOSED' });
  await assert.rejects(one.dialler.read(soon()), { code: 'STREAM_CLOSED' });
  const two = await agree();
  await two.dialler.send(new Uint8Array(LIMIT + 1));
  await assert.rejects(two.answerer.read(soon()), { code: 'FRAME_TOO_LONG' });
  await assert.rejects(two.dialler.send(new Uint8Array(0)), { code: 'STREAM_CLOSED' });
});

test('hosts move linked streams, a host reaches itself, a taken port of links is named', async (t) => {
  const log = createLog('silent');
  const hosts = await Promise.all([0, 1].map(() => Host.start({ key: SigningKey.generate() }, { log })));
  t.after(() => Promise.all(hosts.map((host) => host.stop())));
  const [server, client] = hosts as [Host, Host];
  const protocol = '/bitorch/test/linked/1';
  const echo = async (stream: FrameStream) => {
    await stream.send((await stream.read())!);
    await stream.close();
  };
  await server.handle(protocol, LIMIT, echo, { link: true });
  for (const asker of [client, server]) {
    const address = { id: server.id, addresses: server.addresses };
    const stream = await asker.open(address, protocol, LIMIT, { link: true });
    assert.equal(stream.remote, server.id);
    await stream.send(new Uint8Array(2336).fill(5));
    assert.deepEqual(await stream.read(soon()), new Uint8Array(2336).fill(5));
    assert.equal(await stream.read(soon()), undefined);
  }
  const self = { id: client.id, addresses: [] };
  await assert.rejects(client.open(self, '/bitorch/test/none/1', LIMIT), { code: 'PEER_UNREACHABLE' });
  const taken = createServer();
  taken.listen(0, HOST);
  await once(taken, 'listening');
  t.after(() => taken.close());
  const linkPort = (taken.address() as AddressInfo).port;
  await assert.rejects(Host.start({ key: SigningKey.generate(), linkPort }, { log }), {
    code: 'LINK_PORT_TAKEN',
  });
});

test('a reader that is behind makes the other side wait, and then reads all, at either end of a link', async (t) => {
  const { dialler, answerer } = await (await ends(t)).agree();
  for (const [sender, reader] of [
    [dialler, answerer],
    [answerer, dialler],
  ] as const) {
    let sent = 0;
    let waits: Promise<void> | undefined;
    for (; sent < 100; sent++) {
      waits = sender.post(new Uint8Array(LIMIT).fill(sent));
      const waited = waits && (await Promise.race([waits.then(() => false), setTimeout(500, true)]));
      if (waited) break;
    }
    assert.ok(sent < 100, 'nobody had to wait');
    for (let at = 0; at <= sent; at++) assert.equal((await reader.read(soon()))?.[LIMIT - 1], at);
    await waits;
  }
});
