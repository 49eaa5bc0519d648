/** What strangers say to nodes of a chain: gossip, offers, questions. */
import { utf8 } from '#base';
import { encode } from '#ledger';
import type { FrameStream } from '#network';
import { QUESTIONS } from '../../../src/consensus/application/queries/questions.ts';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { encodeMessage, type Message } from '../../../src/consensus/gossip/index.ts';
import { MAX_QUERY_FRAME, QUERY_PROTOCOL } from '../../../src/consensus/light/constants.ts';
import { queryCodec } from '../../../src/consensus/light/protocol.ts';
import { MAX_ANSWER_FRAME, SYNC_PROTOCOL } from '../../../src/consensus/sync/constants.ts';
import { requestCodec, type SyncRequest } from '../../../src/consensus/sync/messages.ts';
import type { Random } from '../attacks/random.ts';
import { ChainVoice } from './chain-voice.ts';
import { type Attack, asStranger, meet, meetAll, pause, type Scene } from './scene.ts';

/** One that speaks with a node and has listened for a moment. */
const spoken = (scene: Scene, work: (voice: ChainVoice, stream: FrameStream) => Promise<unknown>) =>
  asStranger(scene, async (host) => {
    const voice = await ChainVoice.on(host, scene.world.chain!.genesis);
    const stream = await voice.open(await meet(scene, host, scene.world.chain!.contacts));
    await pause(500, scene.signal);
    await work(voice, stream);
    await pause(500, scene.signal);
  });

const flood =
  (count: number, message: (random: Random, voice: ChainVoice) => Message): Attack =>
  (scene) =>
    spoken(scene, async (voice, stream) => {
      for (let i = 0; i < count && !scene.signal.aborted; i++)
        await stream.send(encodeMessage(message(scene.random, voice)));
    });

/** A bit of a good frame is another one, or it is cut, or all of it is noise. */
function garbled(frame: Uint8Array, random: Random): Uint8Array {
  if (frame.length === 0 || random.chance(4)) return random.bytes(random.between(1, 2_000));
  if (random.chance(3)) return frame.slice(0, random.below(frame.length));
  const bytes = frame.slice();
  for (let i = random.between(1, 4); i > 0; i--) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
}

const ids = (random: Random, count: number) => Array.from({ length: count }, () => random.bytes(32));

const ballot = (random: Random, { status }: ChainVoice) => ({
  height: Math.max(1, status.height + random.between(-1, 1)),
  round: random.pick([0, status.round, random.below(20), 2 ** 20]),
  kind: random.pick([PREVOTE, PRECOMMIT] as const),
  block: random.bytes(32),
});

const SYNC_QUESTIONS: readonly ((random: Random, top: number) => SyncRequest)[] = [
  (random, top) => ({ type: 'block', value: { height: random.between(1, top) } }),
  (random, top) => ({ type: 'light', value: { height: random.between(0, top) } }),
  () => ({ type: 'snapshots', value: {} }),
  (random, top) => ({
    type: 'chunk',
    value: { height: random.between(1, top), format: random.below(3), chunk: random.below(4) },
  }),
  (random) => ({ type: 'members', value: { hash: random.bytes(32) } }),
];

const question = (path: '/proven-outputs' | '/proven-spends', from: number, to: number, count: number) =>
  encode(queryCodec, {
    type: 'query',
    value: { path: utf8(path), data: encode(QUESTIONS[path].question, { from, to, count }) },
  });

export const chainAttacks: Record<string, Attack> = {
  'gossip: garbled frames': (scene) =>
    spoken(scene, async ({ heard }, stream) => {
      for (let i = 0; i < 50; i++)
        await stream.send(garbled(scene.random.pick(heard) ?? new Uint8Array(0), scene.random));
    }),
  'gossip: good frames in any order, to everybody': (scene) =>
    asStranger(scene, async (host) => {
      const voice = await ChainVoice.on(host, scene.world.chain!.genesis);
      const streams = await Promise.all(
        (await meetAll(scene, host, scene.world.chain!.contacts)).map((peer) => voice.open(peer)),
      );
      await pause(1_500, scene.signal);
      for (const frame of scene.random.shuffled([...voice.heard, ...voice.heard]))
        for (const stream of streams) await stream.send(frame).catch(() => undefined);
    }),
  'gossip: haves': flood(3_000, (random, { status }) => ({
    type: 'have',
    value: {
      height: Math.max(1, status.height + random.between(-1, 2)),
      round: random.pick([0, random.below(16), random.below(2 ** 20)]),
      proposal: random.chance(2) ? [] : [{ root: random.bytes(32), total: random.between(1, 64) }],
      parts: random.bytes(random.below(9)),
      prevotes: random.bytes(random.below(125)),
      precommits: random.bytes(random.below(125)),
      certificates: random.pick([0, 1, 2, 3] as const),
    },
  })),
  'gossip: offers of what does not exist': flood(300, (random) => ({
    type: 'offer',
    value: ids(random, 512),
  })),
  'gossip: wants': flood(300, (random) => ({ type: 'want', value: ids(random, 512) })),
  'gossip: votes with false signatures': flood(2_000, (random, voice) => ({
    type: 'vote',
    value: { ...ballot(random, voice), validator: random.below(6), signature: random.bytes(64) },
  })),
  'gossip: certificates with false signatures': flood(200, (random, voice) => ({
    type: 'certificate',
    value: {
      ...ballot(random, voice),
      signatures: Array.from({ length: 4 }, (_, validator) => ({ validator, signature: random.bytes(64) })),
    },
  })),
  'gossip: parts of blocks that nobody proposed': flood(200, (random, { status }) => ({
    type: 'part',
    value: {
      height: status.height,
      root: random.bytes(32),
      total: 16,
      part: { index: random.below(16), bytes: random.bytes(4_096), proof: ids(random, 4) },
    },
  })),
  'gossip: statuses that go up and down': flood(1_000, (random) => ({
    type: 'status',
    value: { height: random.between(1, 2 ** 30), round: random.below(2 ** 16), base: random.below(100) },
  })),
  'gossip: bytes that are no transactions, unasked': flood(60, (random) =>
    random.chance(2)
      ? { type: 'stem', value: random.bytes(random.pick([10, 1_000, 60_000])) }
      : { type: 'transactions', value: ids(random, 100) },
  ),
  'gossip: hello, and nothing more': (scene) => spoken(scene, () => pause(8_000, scene.signal)),
  'gossip: streams without a hello': (scene) =>
    asStranger(scene, async (host) => {
      const peer = await meet(scene, host, scene.world.chain!.contacts);
      await Promise.all(
        Array.from({ length: 40 }, () => host.open(peer, '/bitorch/chain/gossip/2', 1_024).catch(() => 0)),
      );
      await pause(3_000, scene.signal);
    }),
  'sync: questions whose answers nobody reads': (scene) =>
    asStranger(scene, async (host) => {
      const peer = await meet(scene, host, scene.world.chain!.contacts);
      const streams = await Promise.all(
        Array.from({ length: 8 }, () => host.open(peer, SYNC_PROTOCOL, MAX_ANSWER_FRAME)),
      );
      for (let i = 0; i < 400; i++) {
        const ask = scene.random.pick(SYNC_QUESTIONS)(scene.random, 200);
        await scene.random.pick(streams).send(encode(requestCodec, ask));
      }
      await pause(4_000, scene.signal);
    }),
  'sync: garbage': (scene) =>
    asStranger(scene, async (host) => {
      const peer = await meet(scene, host, scene.world.chain!.contacts);
      for (let i = 0; i < 10; i++) {
        const stream = await host.open(peer, SYNC_PROTOCOL, MAX_ANSWER_FRAME);
        await stream.send(scene.random.bytes(scene.random.between(1, 60)));
      }
    }),
  'light: the dearest questions, many at once': (scene) =>
    asStranger(scene, async (host) => {
      const peer = await meet(scene, host, scene.world.chain!.contacts);
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          const stream = await host.open(peer, QUERY_PROTOCOL, 1 << 21);
          for (let i = 0; i < 60; i++) {
            const path = scene.random.pick(['/proven-outputs', '/proven-spends'] as const);
            const from = scene.random.below(50);
            await stream.send(question(path, from, from + scene.random.below(1_000), 256));
          }
        }),
      );
      await pause(4_000, scene.signal);
    }),
  'light: garbage and transactions that are none': (scene) =>
    asStranger(scene, async (host) => {
      const peer = await meet(scene, host, scene.world.chain!.contacts);
      const { random } = scene;
      for (let i = 0; i < 20; i++) {
        const stream = await host.open(peer, QUERY_PROTOCOL, 1 << 21);
        const transaction = random.bytes(random.pick([1, 500, 65_000]));
        const submit = encode(queryCodec, { type: 'submit', value: { transaction } });
        await stream.send(random.chance(2) ? submit : random.bytes(random.below(MAX_QUERY_FRAME)));
        await stream.read(AbortSignal.timeout(2_000)).catch(() => undefined);
      }
    }),
};
