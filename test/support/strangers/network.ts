/** What strangers do to the directory, to sessions, audits and documents, and to the sockets beneath. */
import { connect } from 'node:net';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { encodeCanonical } from '#base';
import { SigningKey } from '#crypto';
import { encodeOpen, HIDDEN_PROTOCOL, MAX_FRAME_BYTES, type Open, SESSION_PROTOCOL } from '#execution';
import type { Host, PeerAddress } from '#network';
import {
  type Announcement,
  HOLDERS_PROTOCOL,
  NEWS_PROTOCOL,
  NODES_PROTOCOL,
  sealDelta,
} from '../../../src/node/peers/announcement.ts';
import type { Random } from '../attacks/random.ts';
import { type Attack, asStranger, introduce, meet, meetAll, pause, selfOf, wordOf } from './scene.ts';

const HOSTS = [
  'bad\0host',
  '127.0.0.1\0',
  '::',
  '0.0.0.0',
  '169.254.169.254',
  '10.0.0.1',
  'a'.repeat(200),
  'ex ample',
  '[::ffff:127.0.0.1]',
];

const addressOf = (random: Random): string =>
  random.pick([
    `/ip4/${random.pick(HOSTS)}/tcp/${random.below(70_000)}`,
    `/dns4/${random.pick(HOSTS)}/tcp/${random.below(70_000)}`,
    `/ip4/127.0.0.1/tcp/${random.between(1, 65_535)}`,
    random.word(),
    '/'.repeat(random.between(1, 250)),
  ]);

const odd = (random: Random, models: readonly Uint8Array[]): Partial<Announcement> => ({
  name: random.pick(['x', '\u001b[2J', `${random.word()}\n{"level":60}`, '\u202e'.repeat(60)]),
  roles: ['seed', 'run', 'audit', 'security', 'validate'],
  addresses: Array.from({ length: random.below(17) }, () => addressOf(random)),
  time: Date.now() + random.between(-400_000, 200_000),
  audits: true,
  validator: random.bytes(32),
  swarmPort: random.below(65_536),
  holdings: Array.from({ length: random.below(65) }, () => ({
    manifest: random.chance(2) && models.length > 0 ? random.pick(models) : random.bytes(32),
    bytesHave: random.below(2 ** 30),
    bytesTotal: 2 ** 30,
    blocks: random.chance(2) ? ([0, random.between(1, 100_000)] as [number, number]) : null,
  })),
});

/** Tells news; what is refused is no matter. */
const tell = (host: Host, peer: PeerAddress, word: unknown): Promise<unknown> =>
  host.request(peer, NEWS_PROTOCOL, { word }).catch(() => undefined);

/** Ids of models that somebody says he has. */
const modelsOf = async (host: Host, key: SigningKey, peer: PeerAddress): Promise<Uint8Array[]> =>
  (await introduce(host, key, peer)).flatMap(({ holdings }) => holdings.map(({ manifest }) => manifest));

/** Questions of one frame, which may be answered. */
const asked =
  (
    protocol: string,
    count: number,
    message: (random: Random, models: readonly Uint8Array[]) => unknown,
  ): Attack =>
  (scene) =>
    asStranger(scene, async (host, key) => {
      const peer = await meet(scene, host);
      const models = await modelsOf(host, key, peer);
      const ask = () => host.request(peer, protocol, message(scene.random, models), { timeoutMs: 4_000 });
      await Promise.allSettled(Array.from({ length: count }, ask));
    });

/** Streams of a protocol on which these frames are sent, and which are left open. */
const left =
  (
    protocol: string,
    streams: number,
    frames: (random: Random, scene: Opening) => Uint8Array[],
    link = false,
  ): Attack =>
  (scene) =>
    asStranger(scene, async (host, key) => {
      const peers = await meetAll(scene, host);
      const models = await modelsOf(host, key, peers[0]!);
      const opened = Array.from({ length: streams }, async () => {
        const peer = scene.random.pick(peers);
        const stream = await host.open(peer, protocol, MAX_FRAME_BYTES, { link });
        const opening = { models, peers: peers.map(({ id }) => id) };
        for (const frame of frames(scene.random, opening)) await stream.send(frame);
      });
      await Promise.allSettled(opened);
      await pause(6_000, scene.signal);
    });

interface Opening {
  readonly models: readonly Uint8Array[];
  readonly peers: readonly string[];
}

function open(random: Random, { models, peers }: Opening): Uint8Array {
  const first = random.below(3);
  const message: Open = {
    session: random.bytes(16),
    manifest: random.pick(models) ?? random.bytes(32),
    first,
    end: first + random.pick([1, 1, 2, 50_000]),
    period: Math.floor(Date.now() / 600_000),
    previous: random.pick([null, null, random.pick(peers), 'nobody']),
    next: random.pick([null, null, random.pick(peers), 'nobody']),
    wait: random.below(2) === 0,
  };
  return encodeOpen(message);
}

const noise = (random: Random): Uint8Array => random.bytes(random.between(1, 3_000));
const some = (random: Random, most: number, frame: () => Uint8Array): Uint8Array[] =>
  Array.from({ length: random.below(most) }, frame);

/** TCP connections to the port of the peer-to-peer network. */
const raw =
  (count: number, say: (random: Random) => Uint8Array): Attack =>
  async (scene) => {
    const [, , host, , port] = scene.random.pick(scene.world.contacts).split('/');
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(Number(port), host);
      socket.on('error', () => undefined);
      socket.write(say(scene.random));
      return socket;
    });
    await pause(3_000, scene.signal);
    for (const socket of sockets) socket.destroy();
  };

export const networkAttacks: Record<string, Attack> = {
  'announcements: odd addresses, names, ranges and times': (scene) =>
    asStranger(scene, async (host, key) => {
      const peer = await meet(scene, host);
      const models = await modelsOf(host, key, peer);
      await pause(1_000, scene.signal);
      for (let i = 0; i < 20; i++) {
        const announcement = selfOf(host, odd(scene.random, models));
        const { time, holdings } = selfOf(host, odd(scene.random, models));
        const base = scene.random.chance(2) ? announcement.time : time;
        const delta = sealDelta({ base, time, changed: holdings.slice(0, 32), gone: [] }, key);
        await tell(host, peer, {
          ...wordOf(announcement, key),
          delta: scene.random.chance(2) ? delta : null,
        });
        await pause(220, scene.signal);
      }
    }),
  'announcements: many ids through one, garbage and replays': (scene) =>
    asStranger(scene, async (host) => {
      const heard: unknown[] = [];
      await host.answer(NEWS_PROTOCOL, async (message) => {
        heard.push((message as { word: unknown }).word);
        return null;
      });
      const peer = await meet(scene, host);
      await pause(3_000, scene.signal);
      for (let i = 0; i < 300 && !scene.signal.aborted; i++) {
        const key = new SigningKey(scene.random.bytes(32));
        const id = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.seed)).toString();
        const made = wordOf({ ...selfOf(host, odd(scene.random, [])), id }, key);
        const [first] = heard;
        const noise = scene.random.bytes(2_000);
        await tell(host, peer, scene.random.pick<unknown>([made, made, first ?? made, noise]));
      }
      await pause(1_000, scene.signal);
    }),
  'directory: introductions over and over': asked(NODES_PROTOCOL, 60, () => ({ pages: [] })),
  'directory: garbage': left(NODES_PROTOCOL, 20, (random) => [noise(random)]),
  'directory: nested and many things': asked(NODES_PROTOCOL, 20, (random) => ({
    time: random.below(2 ** 31),
    word: {
      id: 'x',
      pages: Array.from({ length: random.below(3_000) }, () => new Uint8Array(8)),
      delta: null,
    },
    known: random.bytes(random.below(20_000)),
    room: 32 << 10,
  })),
  'directory: who holds what, over and over': asked(HOLDERS_PROTOCOL, 60, (random, models) => ({
    manifest: random.pick(models) ?? random.bytes(32),
    block: random.chance(2) ? random.below(100_000) : null,
  })),
  'sessions: streams without an open': left(SESSION_PROTOCOL, 60, () => []),
  'sessions: opens that send nothing': left(SESSION_PROTOCOL, 40, (random, o) => [open(random, o)], true),
  'sessions: opens and noise': left(
    SESSION_PROTOCOL,
    20,
    (random, o) => [open(random, o), ...some(random, 20, () => noise(random))],
    true,
  ),
  'sessions: empty frames': left(SESSION_PROTOCOL, 6, (random) =>
    some(random, 20_000, () => new Uint8Array(0)),
  ),
  'sessions: half a link': left(SESSION_PROTOCOL, 30, (random) => [noise(random)]),
  'sessions: states for nobody': left(
    HIDDEN_PROTOCOL,
    40,
    (random) => [random.bytes(random.pick([48, 48, 3])), ...some(random, 10, () => noise(random))],
    true,
  ),
  'audits: garbage': left('/bitorch/verification/audit/2', 20, (random) => [noise(random)]),
  'audits: requests that never go on': left('/bitorch/verification/audit/2', 20, () => []),
  'inputs: of sessions that are others’': asked('/bitorch/verification/inputs/2', 60, (random) => ({
    session: random.bytes(16),
    client: random.word(),
    receipt: random.bytes(32),
    side: random.pick(['input', 'output']),
    ticket: random.chance(2) ? null : random.bytes(200),
  })),
  'documents: reports and rulesets that are not there': asked(
    '/bitorch/security/document/1',
    60,
    (random) => ({
      kind: random.pick(['report', 'ruleset', 'other']),
      id: random.bytes(32),
      offset: random.below(2 ** 31),
    }),
  ),
  'documents: the ruleset again and again': asked('/bitorch/security/ruleset/1', 60, () => ({})),
  'attestations: of everything': asked('/bitorch/security/attestations/1', 60, (random, models) => ({
    manifests: Array.from({ length: 64 }, () => random.pick(models) ?? random.bytes(32)),
  })),
  'attestations: by nobody': (scene) =>
    asStranger(scene, async (host) => {
      const topic = '/bitorch/security/attestation/1';
      host.subscribe(topic, () => 'accept');
      await meet(scene, host);
      await pause(2_000, scene.signal);
      for (let i = 0; i < 100; i++)
        await host.publish(topic, encodeCanonical({ id: host.id, sealed: scene.random.bytes(300) }));
    }),
  'manifests: again and again': asked('/bitorch/distribution/manifest/1', 60, (random, models) => ({
    manifest: random.pick(models) ?? random.bytes(32),
  })),
  'sockets: connections that say nothing': raw(60, () => new Uint8Array(0)),
  'sockets: noise in place of a handshake': raw(40, noise),
  'identities: come, speak and go': async (scene) => {
    for (let i = 0; i < 10; i++)
      await asStranger(scene, async (host, key) => introduce(host, key, await meet(scene, host)));
  },
};
