import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GossipSub } from '@libp2p/gossipsub';
import { Pace } from '#base';
import { Budgets } from '../../../src/network/budget.ts';
import { guardGossip } from '../../../src/network/gossip-guard.ts';
import { PEER_LIMITS } from '../../../src/network/peer-limits.ts';

/** The package's part that checks signatures: how many it was given. */
function world() {
  let now = 0;
  let checked = 0;
  let computed = 0;
  let controlled = 0;
  let subscribed = 0;
  /** Messages dealt with in each turn of the event loop. */
  const turns = [0];
  const budgets = new Budgets(PEER_LIMITS, { now: () => now, cpuMs: () => 0 });
  let decoded = 0;
  let rests = 0;
  const gossip = {
    pipePeerReadStream: async (_: unknown, rpcs: AsyncIterable<{ length: number }>) => {
      for await (const { length } of rpcs) decoded += length;
    },
    topicValidators: new Map([['joined', () => 'accept']]),
    handleReceivedRpc: async (
      _: unknown,
      {
        messages,
        subscriptions,
        control,
      }: {
        messages: unknown[];
        subscriptions: unknown[];
        control?: Record<string, { messageIDs?: unknown[] }[]>;
      },
    ) => {
      for (const list of Object.values(control ?? {}))
        for (const { messageIDs = [] } of list) controlled += 1 + messageIDs.length;
      subscribed += subscriptions.length;
      checked += messages.length;
      computed += messages.length;
      turns[turns.length - 1]! += messages.length;
    },
  };
  const pace = new Pace({ cpuMs: () => computed });
  const rest = async () => {
    rests++;
    now += 200;
  };
  guardGossip(gossip as unknown as GossipSub, (peer) => budgets.of(peer.toString()), pace, rest);
  /** Bytes decoded of so many RPCs, and how often their peer had to wait. */
  const stream = async (peer: string, count: number, length: number) => {
    const before = [decoded, rests] as const;
    await gossip.pipePeerReadStream(
      peer,
      (async function* () {
        for (let n = 0; n < count; n++) yield { length };
      })(),
    );
    return { decoded: decoded - before[0], rests: rests - before[1] };
  };
  const send = async (peer: string, topic: string, count: number) => {
    const before = checked;
    const messages = Array.from({ length: count }, () => ({ topic }));
    await gossip.handleReceivedRpc(peer, { messages, subscriptions: [] });
    return checked - before;
  };
  const sendRpc = async (peer: string, rpc: { subscriptions?: unknown[]; control?: never }) => {
    const before = [controlled, subscribed] as const;
    await gossip.handleReceivedRpc(peer, { messages: [], subscriptions: [], ...rpc });
    return { controlled: controlled - before[0], subscribed: subscribed - before[1] };
  };
  return {
    send,
    sendRpc,
    stream,
    turns,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

test('gossip of topics that nobody here has joined is not looked at', async () => {
  const { send } = world();
  assert.equal(await send('peer', 'unknown', 1000), 0);
  assert.equal(await send('peer', 'joined', 1000), 1000);
});

test('the signatures of a flood are not checked, and those of others still are', async () => {
  const { send, wait } = world();
  let checked = 0;
  for (let n = 0; n < 100; n++) checked += await send('flood', 'joined', 5000);
  assert.ok(checked > 5_000 && checked < 10_000, `${checked} of 500,000`);
  assert.equal(await send('honest', 'joined', 100), 100);
  wait(1_000);
  const later = await send('flood', 'joined', 5000);
  assert.ok(later > 300 && later < 1_000, `${later} a second`);
});

test('hundreds of messages that come at once are dealt with a few in a turn of the event loop', async () => {
  const { send, turns } = world();
  let done = false;
  const count = () => {
    turns.push(0);
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const checked = await Promise.all(['one', 'another', 'third'].map((peer) => send(peer, 'joined', 300)));
  done = true;
  assert.equal(Math.max(...checked), 900);
  // Each takes a millisecond here.
  assert.ok(Math.max(...turns) <= 20, `${Math.max(...turns)} in one turn`);
});

test('a flood of control messages and subscriptions is dropped, those of others are handled', async () => {
  const { sendRpc } = world();
  const messageIDs = Array.from({ length: 5000 }, (_, n) => n);
  const control = { iwant: [{ messageIDs }], graft: [{}], prune: [{ peers: [] }] } as never;
  const subscriptions = Array.from({ length: 5000 }, () => ({}));
  let [controlled, subscribed] = [0, 0];
  for (let n = 0; n < 1000; n++) controlled += (await sendRpc('flood', { control })).controlled;
  assert.ok(controlled >= 5003 && controlled < 300_000, `${controlled} of 5,003,000`);
  for (let n = 0; n < 1000; n++) subscribed += (await sendRpc('flood', { subscriptions })).subscribed;
  assert.equal(subscribed, 64_000, 'a few are always handled');
  assert.equal((await sendRpc('honest', { control })).controlled, 5003);
});

test('RPCs are charged before they are decoded: who floods is read later, others at once', async () => {
  const { stream, send } = world();
  const flood = await stream('flood', 1_000, 1 << 20);
  assert.equal(flood.decoded, 1_000 << 20, 'late, but all of it');
  assert.ok(flood.rests > 100, `${flood.rests} times`);
  assert.deepEqual(await stream('honest', 100, 16 << 10), { decoded: 100 * (16 << 10), rests: 0 });
  assert.equal(await send('honest', 'joined', 100), 100);
});
