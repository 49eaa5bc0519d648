import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../../src/consensus/gossip/messages.ts';
import type { ChainPeer } from '../../../src/consensus/gossip/peer.ts';
import { TransactionGossip, TransactionPool } from '../../../src/consensus/mempool/index.ts';
import { peerNamed, poolOf, Willing } from '../../support/consensus/trading.ts';

const transaction = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255, 1);
const idOf = (number: number): Uint8Array => TransactionPool.idOf(transaction(number));
const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => idOf(first + i));

const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
};

/** A node that trades with peers of these names. */
function trader(names: readonly string[], code: (bytes: Uint8Array) => number = () => 0) {
  const clock = { now: 0 };
  const all = names.map((name) => peerNamed(name, () => clock.now));
  const peers: ChainPeer[] = all.map(({ peer }) => peer);
  const trade = new TransactionGossip({
    pool: poolOf(new Willing(code)),
    now: () => clock.now,
    peers: () => peers,
    random: () => 0.5,
  });
  return { trade, clock, peers, sent: all.map(({ sent }) => sent) };
}

const idsIn = (sent: readonly Message[], type: 'offer' | 'want'): number =>
  sent.reduce((sum, message) => sum + (message.type === type ? message.value.length : 0), 0);

test('ids that a peer never delivers count only towards its own share', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, clock, peers, sent } = trader(['liar', 'honest']);
  const [liar, honest] = peers as [ChainPeer, ChainPeer];
  for (let i = 0; i < 100; i++) trade.receive({ type: 'offer', value: idsFrom(512 * i, 512) }, liar);
  assert.equal(liar.wanted.size, 2_048);
  assert.equal(idsIn(sent[0]!, 'want'), 2_048);
  trade.receive({ type: 'offer', value: idsFrom(60_000, 512) }, honest);
  assert.equal(idsIn(sent[1]!, 'want'), 512);
  // They count against it for a minute.
  const pass = (ms: number) => {
    clock.now += ms;
    t.mock.timers.tick(1_000);
  };
  pass(59_000);
  trade.receive({ type: 'offer', value: idsFrom(61_000, 512) }, liar);
  assert.equal(liar.wanted.size, 2_048);
  pass(2_000);
  assert.equal(liar.wanted.size, 0);
});

test('who comes again and again has no more than one share of what is asked for', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, clock, peers, sent } = trader(['liar']);
  const again = [0, 1, 2, 3, 4].map((i) => {
    const { peer } = peerNamed('liar', () => clock.now);
    peers[0] = peer;
    for (let j = 0; j < 4; j++)
      trade.receive({ type: 'offer', value: idsFrom(512 * (4 * i + j), 512) }, peer);
    clock.now += 1_000;
    t.mock.timers.tick(1_000);
    return peer;
  });
  assert.equal(sent.length, 1);
  assert.deepEqual(
    again.map(({ wanted }) => wanted.size),
    [0, 0, 0, 0, 2_048],
  );
});

test('a peer that comes is told of the best that wait, and the others are not even looked at', () => {
  let looked = 0;
  class Full extends Willing {
    override get waiting() {
      const ids = function* () {
        for (; looked < 50_000; looked++) yield idOf(looked);
      };
      return { ...super.waiting, ids };
    }
  }
  const { peer, sent } = peerNamed('again');
  const trade = new TransactionGossip({ pool: poolOf(new Full()), now: () => 0, peers: () => [peer] });
  trade.introduce(peer);
  assert.equal(idsIn(sent, 'offer'), 2_048);
  assert.equal(looked, 2_048);
});

test('who offers a transaction first and keeps it does not keep it from this node', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, clock, peers, sent } = trader(['liar', 'honest']);
  const [liar, honest] = peers as [ChainPeer, ChainPeer];
  const value = [idOf(1)];
  trade.receive({ type: 'offer', value }, liar);
  trade.receive({ type: 'offer', value }, honest);
  assert.deepEqual(sent, [[{ type: 'want', value }], []]);
  clock.now += 2_500;
  t.mock.timers.tick(1_000);
  assert.deepEqual(sent[1], [{ type: 'want', value }]);
  trade.receive({ type: 'transactions', value: [transaction(1)] }, honest);
  await settled();
  t.mock.timers.tick(25);
  assert.deepEqual(sent[1]!.at(-1), { type: 'offer', value });
  assert.equal(liar.wanted.size + honest.wanted.size, 0);
});

test('conflicts, fees, expiries and full pools cost nobody anything; false proofs and bytes end the trade for a while', async () => {
  // As in `codes.ts`: the second byte is what a transaction is refused with.
  const { trade, clock, peers, sent } = trader(['peer'], ([, code]) => code!);
  const [peer] = peers as [ChainPeer];
  const send = async (number: number) => {
    trade.receive({ type: 'offer', value: [idOf(number)] }, peer);
    trade.receive({ type: 'transactions', value: [transaction(number)] }, peer);
    await settled();
  };
  const isTradedWith = () => {
    const before = sent[0]!.length;
    trade.receive({ type: 'offer', value: [idOf(60_000 + before)] }, peer);
    return sent[0]!.length > before;
  };
  for (const code of [2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 15])
    for (let i = 0; i < 50; i++) await send(256 * i + code);
  assert.ok(isTradedWith(), 'what befalls everybody is no offence');
  trade.receive({ type: 'transactions', value: [transaction(3)] }, peer);
  assert.ok(isTradedWith(), 'what was not asked for is left alone');
  for (const code of [1, 14]) {
    await send(code);
    assert.equal(isTradedWith(), false, `code ${code}`);
    clock.now += 100_000;
    assert.ok(isTradedWith(), 'and after a while it is traded with again');
  }
});

test('a transaction is sent to those that were told of it, once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, peers, sent } = trader(['peer', 'stranger']);
  const [peer, stranger] = peers as [ChainPeer, ChainPeer];
  await trade.submit(transaction(1));
  const value = [idOf(1)];
  const deliveries = (of: readonly Message[] | undefined) =>
    of!.filter(({ type }) => type === 'transactions').length;
  trade.receive({ type: 'want', value }, stranger);
  await settled();
  assert.equal(deliveries(sent[1]), 0, 'nobody was told yet');
  t.mock.timers.tick(25);
  for (let i = 0; i < 10; i++) trade.receive({ type: 'want', value: [...value, ...value] }, peer);
  await settled();
  assert.equal(deliveries(sent[0]), 1);
});

test('a transaction on its stem is told to nobody else, asked about or not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, peers, sent } = trader(['one', 'two', 'three']);
  await trade.submitByStem(transaction(1));
  const value = [idOf(1)];
  const went = sent.map((all) => all.filter(({ type }) => type === 'stem').length);
  assert.equal(
    went.reduce((a, b) => a + b),
    1,
    'to one neighbour',
  );
  const others = peers.filter((_, i) => went[i] === 0);
  const said = () => sent.filter((_, i) => went[i] === 0).flat();
  for (const peer of others) {
    trade.introduce(peer);
    trade.receive({ type: 'want', value }, peer);
  }
  await settled();
  t.mock.timers.tick(25);
  assert.deepEqual(said(), []);
  assert.equal(trade.picker()(transaction(1)), false, 'nor does a block of ours tell');
  // Whoever offers it hears what a node says that has never seen it.
  trade.receive({ type: 'offer', value }, others[0]!);
  assert.deepEqual(said(), [{ type: 'want', value }]);
  trade.receive({ type: 'transactions', value: [transaction(1)] }, others[0]!);
  await settled();
  t.mock.timers.tick(25);
  assert.deepEqual(said().at(-1), { type: 'offer', value }, 'now it is no secret');
});

test('when the embargo ends, a transaction that no other node has relayed is relayed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trade, sent } = trader(['one', 'two', 'three']);
  await trade.submitByStem(transaction(1));
  t.mock.timers.tick(20_000);
  t.mock.timers.tick(25);
  for (const all of sent) assert.deepEqual(all.at(-1), { type: 'offer', value: [idOf(1)] });
});

test('a wallet that hands in a false transaction is refused for a while, others and the owner are not', async () => {
  const asked: number[] = [];
  const { trade, clock } = trader([], (bytes) => {
    asked.push(bytes[1]!);
    return bytes[1] === 1 ? 14 : 0;
  });
  const codes = async (...numbers: number[]) =>
    Promise.all(
      numbers.map(async (number) => (await trade.submitByStem(transaction(number), 'wallet')).code),
    );
  assert.deepEqual(await codes(1), [14]);
  assert.deepEqual(await codes(2, 3, 1), [15, 15, 15], 'unlooked at: busy');
  assert.equal((await trade.submitByStem(transaction(4), 'another wallet')).code, 0);
  assert.equal((await trade.submitByStem(transaction(1))).code, 14);
  assert.equal((await trade.submitByStem(transaction(5))).code, 0);
  assert.deepEqual(asked, [1, 4, 1, 5]);
  clock.now += 10_001;
  assert.deepEqual(await codes(2), [0]);
});
