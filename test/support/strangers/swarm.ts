/** What strangers do to swarms and trackers. */
import { connect, type Socket } from 'node:net';
import { check, z, zBytesUpTo } from '#base';
import { type Metainfo, parseMetainfo } from '#distribution';
import {
  encodeBitfield,
  encodeBlockHeader,
  encodeExtensionHandshake,
  encodeHandshake,
  encodeHaves,
  encodeRequests,
  encodeSignal,
} from '../../../src/distribution/swarm/wire.ts';
import type { Random } from '../attacks/random.ts';
import { type Attack, asStranger, introduce, meet, pause, type Scene } from './scene.ts';

interface Target {
  readonly metainfo: Metainfo;
  readonly ports: readonly number[];
}

const modelSchema = z.object({ manifest: zBytesUpTo(16 << 20), metainfo: zBytesUpTo(16 << 20) });

/** A torrent that is shared, and where: as any node that wants the model asks for it. */
const find = (scene: Scene): Promise<Target> =>
  asStranger(scene, async (host, key) => {
    const nodes = await introduce(host, key, await meet(scene, host));
    const [manifest] = nodes.flatMap(({ holdings }) => holdings.map((one) => one.manifest));
    for (const contact of scene.world.contacts) {
      const peer = { id: await host.connect(contact), addresses: [contact] };
      const answer = await host
        .request(peer, '/bitorch/distribution/manifest/1', { manifest }, { maxBytes: 32 << 20 })
        .catch(() => undefined);
      if (!answer) continue;
      const metainfo = parseMetainfo(check(modelSchema, answer, 'model').metainfo);
      return { metainfo, ports: nodes.map(({ swarmPort }) => swarmPort).filter((port) => port > 0) };
    }
    throw new Error('nobody tells what is in the swarm');
  });

/** Connections to one node of the swarm, each of which says `bytes` after its handshake, again and again. */
const wire =
  (
    connections: number,
    times: number,
    bytes: (random: Random, metainfo: Metainfo) => Uint8Array,
    { reads = true, shakes = true } = {},
  ): Attack =>
  async (scene) => {
    const { random, signal } = scene;
    const { metainfo, ports } = await find(scene);
    const sockets = Array.from({ length: connections }, () => {
      const socket = connect(random.pick(ports), '127.0.0.1');
      socket.on('error', () => undefined);
      if (reads) socket.resume();
      else socket.pause();
      if (shakes) {
        socket.write(encodeHandshake({ infohash: metainfo.infohash, peerId: random.bytes(20) }));
        socket.write(encodeBitfield(random.bytes(Math.ceil(metainfo.pieceCount / 8)).fill(0)));
      }
      return socket;
    });
    await pause(200, signal);
    for (let i = 0; i < times && !signal.aborted; i++) {
      for (const socket of sockets) if (isOpen(socket)) socket.write(bytes(random, metainfo));
      await pause(20, signal);
    }
    await pause(2_000, signal);
    for (const socket of sockets) socket.destroy();
  };

const isOpen = (socket: Socket): boolean => socket.writable && socket.writableLength < 1 << 20;
const repeated = (count: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat(new Array<Uint8Array>(count).fill(bytes));
const both = (one: 'choke' | 'interested', two: 'unchoke' | 'not-interested') =>
  Buffer.concat([encodeSignal(one), encodeSignal(two)]);

const announced = (random: Random, url: string, infohash: Uint8Array): string => {
  const escaped = [...infohash].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const id = [...random.bytes(20)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const numbers = `port=${random.below(70_000)}&uploaded=${random.below(9)}&downloaded=-1&left=${random.pick(['0', 'x', '1e99'])}`;
  return `${url}?info_hash=${escaped}&peer_id=${id}&${numbers}&compact=${random.below(2)}&numwant=${random.pick([0, 50, 1e9])}`;
};

export const swarmAttacks: Record<string, Attack> = {
  'swarm: choke and unchoke': wire(8, 40, () => repeated(500, both('choke', 'unchoke'))),
  'swarm: interested and not, without reading': wire(
    8,
    40,
    () => repeated(500, both('interested', 'not-interested')),
    { reads: false },
  ),
  'swarm: requests of one byte, without reading': wire(
    8,
    20,
    (random, { pieceCount }) =>
      Buffer.concat([
        encodeSignal('interested'),
        encodeRequests(
          'request',
          Array.from({ length: 200 }, (_, begin) => ({ index: random.below(pieceCount), begin, length: 1 })),
        ),
      ]),
    { reads: false },
  ),
  'swarm: requests of what there is not': wire(4, 20, (random, { pieceCount }) =>
    encodeRequests('request', [
      { index: pieceCount + random.below(9), begin: 0, length: 1 << 14 },
      { index: 0, begin: 2 ** 31, length: 2 ** 31 },
    ]),
  ),
  'swarm: all pieces, and they are bad': wire(6, 20, (random, { pieceCount }) =>
    Buffer.concat([
      encodeHaves(Array.from({ length: Math.min(pieceCount, 64) }, (_, i) => i)),
      encodeSignal('unchoke'),
      encodeBlockHeader({ index: random.below(pieceCount), begin: 0, length: 1 << 14 }),
      random.bytes(1 << 14),
    ]),
  ),
  'swarm: extension handshakes': wire(6, 20, (random) =>
    encodeExtensionHandshake(random.chance(2) ? random.bytes(2_000) : Buffer.from('d'.repeat(4_000))),
  ),
  'swarm: noise': wire(10, 3, (random) => random.bytes(4_000), { shakes: false }),
  'swarm: connections that say nothing': wire(60, 1, () => new Uint8Array(0), { shakes: false }),
  'tracker: announcements of torrents and peers that there are not': async (scene) => {
    const { random, world } = scene;
    const { metainfo } = await find(scene);
    const urls = Array.from({ length: 40 }, () =>
      announced(random, random.pick(world.trackers), random.chance(2) ? metainfo.infohash : random.bytes(20)),
    );
    const signal = AbortSignal.timeout(4_000);
    await Promise.allSettled(urls.map(async (url) => (await fetch(url, { signal })).arrayBuffer()));
  },
};
