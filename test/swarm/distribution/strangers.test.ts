import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metainfo, Torrent } from '#distribution';
import {
  encodeBlockHeader,
  encodeExtensionHandshake,
  encodeHaves,
  encodeRequests,
  encodeSignal,
  type WireMessage,
} from '../../../src/distribution/swarm/wire.ts';
import { dialStranger, startRoguePeer } from '../../support/rogue-peer.ts';
import { KiB, MiB, makeTorrent, startSwarm, temporaryDirectory } from '../../support/swarm.ts';

const deadline = () => AbortSignal.timeout(120_000);

interface World {
  metainfo: Metainfo;
  content: Buffer;
  seedPort: number;
  seedId: Uint8Array;
  leech: Torrent;
}

/** A seed and a leecher of one file that do not know of each other yet. */
async function world(t: TestContext, bytes: number, pieceLength: number): Promise<World> {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(join(home, 'seed'), { a: bytes }, { pieceLength });
  const seedId = new Uint8Array(randomBytes(20));
  const seed = await startSwarm(t, { peerId: seedId });
  await seed.add({ metainfo, directory: join(home, 'seed'), trackers: [] });
  const swarm = await startSwarm(t);
  const leech = await swarm.add({ metainfo, directory: join(home, 'leech'), trackers: [], want: 'all' });
  return { metainfo, content: await readFile(join(home, 'seed/a')), seedPort: seed.port, seedId, leech };
}

/** A seeding swarm for strangers to connect to. */
async function seeder(t: TestContext, bytes: number, pieceLength: number) {
  const home = await temporaryDirectory(t);
  const metainfo = await makeTorrent(home, { a: bytes }, { pieceLength });
  const swarm = await startSwarm(t);
  await swarm.add({ metainfo, directory: home, trackers: [] });
  const stranger = await dialStranger(t, swarm.port, metainfo.infohash);
  return { stranger, metainfo };
}

const until = async (condition: () => boolean) => {
  while (!condition()) await sleep(5);
};

test('an answer that stands for another block by its number is no answer, and ends the connection', async (t) => {
  const { metainfo, leech, seedPort } = await world(t, 4 * MiB, 256 * KiB);
  const { pieceLength } = metainfo;
  const answers = [
    // The block of piece 0 whose number, beyond the end of that piece, is the one that was asked for.
    ({ index, begin }) => ({ index: 0, begin: index * pieceLength + begin, length: 1 }),
    ({ index, begin }) => ({ index: index - 1, begin: begin + pieceLength, length: 16 * KiB }),
    ({ index, begin }) => ({ index, begin, length: 1 }),
    ({ index, begin }) => ({ index, begin, length: 0 }),
    ({ index, begin, length }) => ({ index, begin: begin + 1, length }),
    ({ begin, length }) => ({ index: metainfo.pieceCount, begin, length }),
  ] satisfies ((request: { index: number; begin: number; length: number }) => object)[];
  for (const alias of answers) {
    const rogue = await startRoguePeer(t, metainfo, () => undefined, {
      peerId: randomBytes(20),
      reply: (request) => {
        const answer = alias(request.index === 0 ? { ...request, index: 1 } : request);
        return Buffer.concat([encodeBlockHeader(answer), new Uint8Array(answer.length)]);
      },
    });
    leech.addPeer('127.0.0.1', rogue.port);
    await until(() => rogue.requests.length > 0 && !leech.peers().some(({ connected }) => connected));
  }
  assert.equal(leech.progress().bytesHave, 0);
  leech.addPeer('127.0.0.1', seedPort);
  await leech.wait('all', deadline());
});

test('who claims the id of a seed and sends corrupt data is banned, and the seed is not', async (t) => {
  const { metainfo, leech, seedPort, seedId } = await world(t, MiB, 64 * KiB);
  const liar = await startRoguePeer(t, metainfo, ({ length }) => randomBytes(length), { peerId: seedId });
  leech.addPeer('127.0.0.1', liar.port);
  await until(() => liar.requests.length > 0 && !leech.peers().some(({ connected }) => connected));
  leech.addPeer('127.0.0.1', seedPort);
  await leech.wait('all', deadline());
  assert.equal(liar.connections, 1, 'not dialled again');
});

test('who claims the id of a seed and says nothing does not keep the seed out', async (t) => {
  const { metainfo, leech, seedPort, seedId } = await world(t, MiB, 64 * KiB);
  const squatter = await startRoguePeer(t, metainfo, () => undefined, { peerId: seedId });
  leech.addPeer('127.0.0.1', squatter.port);
  await until(() => squatter.requests.length > 0);
  leech.addPeer('127.0.0.1', seedPort);
  await leech.wait('all', deadline());
});

test('a peer is asked no more at a time than it says that it keeps', async (t) => {
  const { metainfo, leech } = await world(t, 8 * MiB, 256 * KiB);
  const handshake = encodeExtensionHandshake(Buffer.from('d1:mde4:reqqi20ee'));
  const all = [
    encodeHaves(Array.from({ length: metainfo.pieceCount }, (_, n) => n)),
    encodeSignal('unchoke'),
  ];
  const rogue = await startRoguePeer(t, metainfo, () => undefined, {
    greeting: Buffer.concat([handshake, ...all]),
  });
  leech.addPeer('127.0.0.1', rogue.port);
  await until(() => rogue.requests.length > 0);
  await sleep(50);
  assert.equal(rogue.requests.length, 20);
});

test('a seed that shows one piece at a time hears that it came', async (t) => {
  const { metainfo, content, leech } = await world(t, MiB, 64 * KiB);
  const heard: WireMessage[] = [];
  const rogue = await startRoguePeer(
    t,
    metainfo,
    ({ index, begin, length }) => content.subarray(index * 64 * KiB + begin).subarray(0, length),
    {
      greeting: Buffer.concat([encodeHaves([3]), encodeSignal('unchoke')]),
      onMessage: (message) => void heard.push(message),
    },
  );
  leech.addPeer('127.0.0.1', rogue.port);
  await leech.wait([{ file: 'a', offset: 3 * 64 * KiB, length: 1 }], deadline());
  await until(() => heard.some((message) => message.type === 'have' && message.index === 3));
});

test('more requests than are kept are passed over; a flood of them ends the connection', async (t) => {
  const { stranger } = await seeder(t, MiB, MiB);
  const requests = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ index: 0, begin: (from + n) * 3, length: 1 }));
  stranger.socket.write(encodeSignal('interested'));
  await until(() => stranger.messages.some(({ type }) => type === 'unchoke'));
  stranger.socket.write(encodeRequests('request', requests(0, 3000)));
  await until(() => stranger.messages.filter(({ type }) => type === 'piece').length >= 2048);
  assert.equal(stranger.isClosed(), false);
  stranger.socket.pause();
  stranger.socket.write(encodeRequests('request', requests(3000, 100_000)));
  stranger.socket.resume();
  await stranger.closed;
});

const floods: Record<string, Uint8Array> = {
  'interested and not interested': Buffer.concat([
    encodeSignal('interested'),
    encodeSignal('not-interested'),
  ]),
  'choke and unchoke': Buffer.concat([encodeSignal('unchoke'), encodeSignal('choke')]),
  'keep-alives': encodeSignal('keep-alive'),
  'haves of one piece': encodeHaves([0]),
  'cancels of nothing': encodeRequests('cancel', [{ index: 0, begin: 0, length: 1 }]),
  'requests while it is choked': encodeRequests('request', [{ index: 0, begin: 0, length: 1 }]),
  'extension handshakes': encodeExtensionHandshake(Buffer.from('de')),
  'unknown messages': Uint8Array.of(0, 0, 0, 1, 99),
  'empty blocks': encodeBlockHeader({ index: 0, begin: 0, length: 0 }),
};
for (const [what, message] of Object.entries(floods)) {
  test(`a peer that sends a flood of ${what} is disconnected`, async (t) => {
    const { stranger } = await seeder(t, MiB, 64 * KiB);
    const chunk = Buffer.concat(Array<Uint8Array>(5000).fill(message));
    stranger.socket.pause();
    let sent = 0;
    while (!stranger.isClosed()) {
      stranger.socket.write(chunk);
      sent += chunk.length;
      await sleep(1);
      stranger.socket.resume();
    }
    assert.ok(sent <= 100 * chunk.length, `${sent} bytes`);
  });
}

test('places and names that are no addresses are passed over', async (t) => {
  const { leech, seedPort } = await world(t, 64 * KiB, 64 * KiB);
  for (const host of ['', 'a\0b', '::', '0.0.0.0', '127.1', '[::1]', 'x'.repeat(300)])
    leech.addPeer(host, seedPort);
  for (const port of [0, -1, 65536, 1.5, Number.NaN]) leech.addPeer('127.0.0.1', port);
  await sleep(20);
  assert.deepEqual(leech.peers(), []);
  leech.addPeer('127.0.0.1', seedPort);
  await leech.wait('all', deadline());
});
