import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import type { PeerAddress } from '#network';
import {
  LEAST_BYTES_PER_SECOND,
  MAX_TUNNELS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
  TUNNEL_AFTER_MS,
} from '../../../src/distribution/swarm/constants.ts';
import type { Peer } from '../../../src/distribution/swarm/peer.ts';
import { tunnelEnd } from '../../../src/distribution/swarm/remote-end.ts';
import { Tunnels } from '../../../src/distribution/swarm/tunnels.ts';

interface FakePeer {
  readonly peer: Peer;
  readonly closed: unknown[];
}

function fakePeer(end: object, more: object = {}): FakePeer {
  const closed: unknown[] = [];
  const close = (reason: unknown) => closed.push(reason);
  const down = { bytesPerSecond: 0 };
  const peer = { end, outgoing: true, interested: false, down, close, ...more };
  return { peer: peer as unknown as Peer, closed };
}

const direct = (bytesPerSecond: number) => fakePeer({}, { down: { bytesPerSecond } }).peer;
const tunnelTo = (node: string, more: object = {}) =>
  fakePeer(tunnelEnd({ node, network: 'relayed', isRelayed: true, outgoing: true }), more);

/** A torrent with tunnels: what it opens is answered by `answer`. */
function torrent({ nodes, answer }: { nodes: string[]; answer: (node: string) => Promise<Peer> }) {
  const state = {
    peers: [] as Peer[],
    isWanting: true,
    opened: [] as string[],
    directNodes: [] as string[],
    banned: [] as string[],
  };
  const tunnels = new Tunnels({
    nodes: () => nodes.map((id) => ({ id, addresses: [] })),
    isWanting: () => state.isWanting,
    peers: () => state.peers,
    open: ({ id }: PeerAddress) => {
      state.opened.push(id);
      return answer(id);
    },
    isDirect: (node) => state.directNodes.includes(node),
    isBanned: (node) => state.banned.includes(node),
    log: createLog('silent'),
  });
  return { state, tunnels };
}

const never = () => new Promise<Peer>(() => undefined);
const soon = (now: number) => now + TUNNEL_AFTER_MS;

test('tunnels are opened when direct connections have given too little for a while', () => {
  const { state, tunnels } = torrent({ nodes: ['a'], answer: never });
  tunnels.tick(0);
  tunnels.tick(soon(0) - 1);
  assert.deepEqual(state.opened, []);
  state.peers = [direct(LEAST_BYTES_PER_SECOND)];
  tunnels.tick(soon(0));
  state.peers = [direct(LEAST_BYTES_PER_SECOND / 2)];
  tunnels.tick(2 * soon(0) - 1);
  assert.deepEqual(state.opened, []);
  tunnels.tick(2 * soon(0));
  assert.deepEqual(state.opened, ['a']);
});

test('nothing is opened for a torrent that wants nothing', () => {
  const { state, tunnels } = torrent({ nodes: ['a'], answer: never });
  state.isWanting = false;
  for (const now of [0, soon(0), soon(soon(0))]) tunnels.tick(now);
  assert.deepEqual(state.opened, []);
});

test('a torrent has so many tunnels at most, one to a node, none to a banned one', () => {
  const nodes = Array.from({ length: 3 * MAX_TUNNELS }, (_, n) => `node ${n % (2 * MAX_TUNNELS)}`);
  const { state, tunnels } = torrent({ nodes, answer: never });
  state.peers = [tunnelTo('node 0').peer];
  state.banned = ['node 1'];
  for (const now of [0, soon(0), soon(1), soon(2)]) tunnels.tick(now);
  assert.equal(state.opened.length, MAX_TUNNELS - 1);
  assert.equal(new Set(state.opened).size, state.opened.length);
  assert.ok(!state.opened.includes('node 0') && !state.opened.includes('node 1'));
});

test('tunnels are closed when direct connections suffice, unless their peer fetches from us', () => {
  const { state, tunnels } = torrent({ nodes: [], answer: never });
  const [idle, used] = [tunnelTo('idle'), tunnelTo('used', { interested: true })];
  state.peers = [idle.peer, used.peer];
  tunnels.tick(0);
  tunnels.tick(soon(0));
  idle.closed.length = 0;
  tunnels.tick(soon(1));
  assert.deepEqual(idle.closed, []);
  state.peers.push(direct(LEAST_BYTES_PER_SECOND));
  tunnels.tick(soon(2));
  assert.deepEqual([idle.closed.length, used.closed.length], [1, 0]);
});

test('a tunnel through a relay gives way to a direct connection of its node', () => {
  const { state, tunnels } = torrent({ nodes: [], answer: never });
  const relayed = tunnelTo('a', { interested: true });
  state.peers = [relayed.peer];
  for (const now of [0, soon(0)]) tunnels.tick(now);
  assert.equal(relayed.closed.length, 0);
  state.directNodes = ['a'];
  tunnels.tick(soon(1));
  assert.equal(relayed.closed.length, 1);
});

test('a node that gave nothing is left alone for longer each time', async () => {
  const { state, tunnels } = torrent({ nodes: ['a'], answer: async () => tunnelTo('a').peer });
  tunnels.tick(0);
  let now = soon(0);
  tunnels.tick(now);
  let pause = REDIAL_MIN_MS;
  for (let tries = 1; tries <= 12; tries++) {
    assert.equal(state.opened.length, tries);
    await new Promise(setImmediate);
    tunnels.closed(tunnelTo('a').peer, false, now);
    pause = Math.min(REDIAL_MAX_MS, 2 * pause);
    tunnels.tick(now + pause - 1);
    assert.equal(state.opened.length, tries, 'not before the pause is over');
    now += pause;
    tunnels.tick(now);
  }
});

test('a tunnel that opens after the torrent was stopped is closed', async () => {
  const late = tunnelTo('a');
  const { promise, resolve } = Promise.withResolvers<Peer>();
  const { tunnels } = torrent({ nodes: ['a'], answer: () => promise });
  for (const now of [0, soon(0)]) tunnels.tick(now);
  tunnels.stop();
  resolve(late.peer);
  await new Promise(setImmediate);
  assert.deepEqual(late.closed, ['torrent stopped']);
});
