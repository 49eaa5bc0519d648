import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BitorchError, createLog } from '#base';
import { encode } from '#ledger';
import type { FrameStream } from '#network';
import { Bans } from '../../../src/consensus/gossip/bans.ts';
import {
  encodeMessage,
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  Gossip,
  type Have,
  helloCodec,
  MAX_PEERS,
  type Message,
} from '../../../src/consensus/gossip/index.ts';
import { ChainPeer } from '../../../src/consensus/gossip/peer.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { MemoryHost } from '../../support/consensus/memory-hosts.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const people = committee([10, 10, 10, 10]);
const CHAIN = { chainId: CHAIN_ID, genesis: named('genesis') };
const HELLO = encode(helloCodec, { version: GOSSIP_VERSION, ...CHAIN });
const VOTE = encodeMessage({ type: 'vote', value: voteBy(people, 0, 1, named('block')) });

const settled = async () => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
};

const IGNORE: (gossip: Gossip) => void = () => undefined;

/** A node that gossips; `judge` says what becomes of votes, the clock what time it is. */
async function gossiper(t: TestContext, { contacts = [] as string[], judge = IGNORE, height = 1 } = {}) {
  const own = new MemoryHost('node');
  const clock = { now: 0 };
  const gossip: Gossip = new Gossip(
    { ...CHAIN, contacts },
    {
      host: own.host,
      log: createLog('silent'),
      now: () => clock.now,
      source: {
        status: () => ({ height, round: 0, base: 1 }),
        record: () => undefined,
        receiveConsensus: () => judge(gossip),
        receiveTransactions: () => undefined,
        peerJoined: () => undefined,
        peerMoved: () => undefined,
      },
    },
  );
  await gossip.start();
  t.after(() => gossip.stop());
  /** A node that connects and says hello; its stream to the one that is tested. */
  const comes = async (id: string): Promise<FrameStream> => {
    const other = new MemoryHost(id);
    await other.handle(GOSSIP_PROTOCOL, 0, async () => undefined);
    other.join(own);
    const stream = await other.open({ id: 'node' }, GOSSIP_PROTOCOL);
    await stream.send(HELLO);
    await settled();
    return stream;
  };
  const isIn = (id: string) => gossip.peers.some((peer) => peer.id === id);
  return { gossip, clock, comes, isIn };
}

test('strangers cannot take the places of contacts, and one that is of no use goes when another comes', async (t) => {
  const useful = (gossip: Gossip) =>
    gossip.relay({ type: 'vote', value: voteBy(people, 0, 1, named('block')) });
  const { gossip, clock, comes, isIn } = await gossiper(t, { contacts: ['friend'], judge: useful });
  const streams: FrameStream[] = [];
  for (let i = 0; i < MAX_PEERS; i++) streams.push(await comes(`stranger ${i}`));
  assert.equal(gossip.peers.length, MAX_PEERS);
  const refused = await comes('late');
  assert.equal(isIn('late'), false);
  assert.ok(refused.ended.aborted, 'nor is it listened to');
  await comes('friend');
  assert.ok(isIn('friend'));
  clock.now += 61_000;
  // All but one bring something new.
  for (const stream of streams.filter((_, i) => i !== 7)) await stream.send(VOTE);
  await settled();
  await comes('newcomer');
  assert.ok(isIn('newcomer') && !isIn('stranger 7'));
  await comes('another');
  assert.equal(isIn('another'), false, 'who is of use stays');
  assert.equal(gossip.peers.length, MAX_PEERS + 1);
  assert.ok(isIn('friend'));
});

test('only what the sender alone can have caused is blamed on it', async (t) => {
  let thrown: Error | undefined;
  const { gossip, clock, comes } = await gossiper(t, {
    judge: () => {
      if (thrown) throw thrown;
    },
  });
  const innocent = ['DISK_FULL', 'STORE_CLOSED', 'APP_HASH_DIFFERS', 'MEMPOOL_FULL', 'VERIFIER_BUSY'];
  for (const error of [
    ...innocent.map((code) => BitorchError.relayed(code, 'of our own')),
    new TypeError('a mistake of ours'),
  ]) {
    thrown = error;
    const stream = await comes(`met by ${error}`);
    await stream.send(VOTE);
    await settled();
    assert.equal(gossip.isBanned(`met by ${error}`), false, String(error));
  }
  for (const code of ['COMMIT_INVALID', 'PROOF_INVALID', 'BLOCK_INVALID']) {
    thrown = BitorchError.relayed(code, 'false');
    const stream = await comes(code);
    await stream.send(VOTE);
    await settled();
    assert.ok(gossip.isBanned(code), code);
    assert.ok(stream.ended.aborted);
  }
  clock.now += 11_000;
  assert.equal(gossip.isBanned('PROOF_INVALID'), false);
});

test('what a peer sends is charged over all its streams, and who costs too much is cut off without blame', async (t) => {
  const { gossip, comes } = await gossiper(t);
  const status = encodeMessage({ type: 'status', value: { height: 1, round: 0, base: 1 } });
  let sent = 0;
  for (let life = 0; life < 5; life++) {
    const stream = await comes('flood');
    for (let i = 0; i < 4_000 && !stream.ended.aborted; i++) {
      await stream.send(status).then(
        () => sent++,
        () => undefined,
      );
      if (i % 500 === 0) await settled();
    }
    await settled();
  }
  // 200 ms at 0.02 ms a message, and what was on the way; no time passes in which it could be made up for.
  assert.ok(sent > 9_000 && sent < 13_000, `${sent} messages`);
  assert.equal(gossip.isBanned('flood'), false);
});

test('few votes of heights that are long over are looked at, whoever signed them and on however many streams', async (t) => {
  const looked: string[] = [];
  const judge = () => void looked.push('vote');
  const { gossip, clock, comes } = await gossiper(t, { judge, height: 3 });
  for (let i = 0; i < 3; i++) {
    const stream = await comes('digger');
    for (let j = 0; j < 100; j++) await stream.send(VOTE);
    await settled();
  }
  assert.equal(looked.length, 20);
  assert.equal(gossip.isBanned('digger'), false);
  clock.now += 1_000;
  const stream = await comes('digger');
  for (let j = 0; j < 100; j++) await stream.send(VOTE);
  await settled();
  assert.equal(looked.length, 22);
});

test('bans grow with each offence and are forgotten with time', () => {
  const bans = new Bans();
  let now = 0;
  assert.equal(bans.add('peer', now), 10_000);
  assert.ok(bans.has('peer', now + 9_999) && !bans.has('peer', now + 10_000));
  assert.equal(bans.add('peer', now), 20_000);
  assert.equal(bans.add('peer', now), 40_000);
  // Three offences count as one and a half after the half-life, and as next to nothing after a day.
  now += 600_000;
  assert.equal(Math.round(bans.add('peer', now)), Math.round(10_000 * 2 ** 1.5));
  now += 86_400_000;
  assert.equal(Math.round(bans.add('peer', now)), 10_000);
  for (let i = 0; i < 5_000; i++) bans.add(`peer ${i}`, now);
  assert.ok(bans.has('peer 4999', now) && !bans.has('peer 0', now), 'a bounded number is kept in mind');
});

function peer(): { peer: ChainPeer; votes: () => number } {
  const sent: number[] = [];
  const stream = { send: async (frame: Uint8Array) => void sent.push(frame[0]!), abort: () => undefined };
  const of = new ChainPeer('peer', { stream: stream as never, now: () => 0, onLost: () => undefined });
  of.setStatus({ height: 1, round: 0, base: 1 });
  return { peer: of, votes: () => sent.filter((kind) => kind === 5).length };
}

const have = (round: number): Have => ({
  height: 1,
  round,
  proposal: [{ root: named(`root ${round}`), total: 320 }],
  parts: new Uint8Array(40).fill(255),
  prevotes: new Uint8Array(125).fill(255),
  precommits: new Uint8Array(125).fill(255),
  certificates: 3,
});

test('what a peer says that it has is kept of a few rounds, as bits', () => {
  const { peer: one, votes } = peer();
  const record = new HeightRecord(1, people.validators);
  record.addVote(voteBy(people, 0, 1, named('block')));
  one.setHave(have(0));
  one.bringUpToDate(record, 0);
  assert.equal(votes(), 0, 'it has the vote');
  for (let round = 1; round <= 1_000; round++) one.setHave(have(round));
  one.bringUpToDate(record, 0);
  assert.equal(votes(), 1, 'what it said of a thousand rounds is not all kept');
});

test('what is far from our round is not sent', () => {
  const { peer: one, votes } = peer();
  const record = new HeightRecord(1, people.validators);
  for (const round of [0, 30, 90]) record.addVote(voteBy(people, 0, 1, named('block'), { round }));
  one.setStatus({ height: 1, round: 60, base: 1 });
  one.bringUpToDate(record, 61);
  assert.equal(votes(), 1);
});

test('who goes back and forth between heights is not sent the same again', () => {
  const { peer: one, votes } = peer();
  const record = new HeightRecord(1, people.validators);
  record.addVote(voteBy(people, 0, 1, named('block')));
  for (let i = 0; i < 10; i++) {
    one.setStatus({ height: 1, round: 0, base: 1 });
    one.bringUpToDate(record, 0);
    assert.equal(one.setStatus({ height: 0, round: 0, base: 1 }), false);
  }
  assert.equal(votes(), 1);
});

test('who names many blocks is not sent the parts of one again', () => {
  let parts = 0;
  const { peer: one } = peer();
  one.send = ({ type }) => type !== 'part' || ++parts > 0;
  const part = { index: 0, bytes: new Uint8Array(3), proof: [] };
  const header = { root: named('root'), total: 2 };
  const saying = (of: typeof header) => one.setHave({ ...have(0), proposal: [of], parts: new Uint8Array(0) });
  for (let i = 0; i < 500; i++) {
    saying(header);
    one.give({ type: 'part', value: { height: 1, ...header, part } });
    for (let j = 0; j < 20; j++) saying({ root: named(`false ${i} ${j}`), total: 2 });
  }
  assert.equal(parts, 1);
});

test('parts go to those that know a proposal of the same block, by root and number', () => {
  const sent: Message['type'][] = [];
  const { peer: one } = peer();
  one.send = (message) => sent.push(message.type) > 0;
  const part = { index: 0, bytes: new Uint8Array(3), proof: [] };
  const header = { root: named('root'), total: 2 };
  one.give({ type: 'part', value: { height: 1, ...header, part } });
  one.setHave({ ...have(0), proposal: [{ ...header, total: 3 }], parts: new Uint8Array(0) });
  one.give({ type: 'part', value: { height: 1, ...header, part } });
  assert.deepEqual(sent, []);
  one.setHave({ ...have(1), proposal: [header], parts: new Uint8Array(0) });
  one.give({ type: 'part', value: { height: 1, ...header, part } });
  assert.deepEqual(sent, ['part']);
});
