import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { HOP_PROTOCOL, RelayBudget } from '../../../../src/network/reach/relay-budget.ts';

const LIMITS = {
  ...{ reservations: 4, reservationsOfGroup: 2, circuits: 3, circuitsOfGroup: 2 },
  ...{ circuitBytes: 1n, circuitMs: 1, reservationMs: 1 },
};
const newPeer = async (): Promise<PeerId> => peerIdFromPrivateKey(await generateKeyPair('Ed25519'));

/** A relay with connections from the given hosts, each with so many circuits open. */
async function relay(hosts: readonly (readonly [string, number])[]) {
  const connections = await Promise.all(
    hosts.map(async ([host, circuits]) => ({
      remotePeer: await newPeer(),
      remoteAddr: multiaddr(`/ip4/${host}/tcp/4001`),
      streams: [{ protocol: '/other' }, ...new Array(circuits).fill({ protocol: HOP_PROTOCOL })],
    })),
  );
  const held = new Map<string, string | undefined>();
  const budget = new RelayBudget(LIMITS, {
    connections: (peer) =>
      connections.filter((one) => !peer || one.remotePeer.equals(peer)) as unknown as Connection[],
    reservations: () => held,
  });
  return { budget, held, hosts, peers: connections.map(({ remotePeer }) => remotePeer) };
}

test('a group reserves so many places, all groups so many, and who holds one may renew it', async () => {
  const { budget, held, peers } = await relay([
    ['8.8.8.8', 0],
    ['8.8.8.8', 0],
    ['8.8.8.8', 0],
    ['9.9.9.9', 0],
    ['7.7.7.7', 0],
    ['6.6.6.6', 0],
  ]);
  const reserve = (index: number, host: string) => {
    const may = budget.mayReserve(peers[index]!);
    if (may) held.set(peers[index]!.toString(), host);
    return may;
  };
  const granted = [
    reserve(0, '8.8.8.8'),
    reserve(1, '8.8.8.8'),
    reserve(2, '8.8.8.8'),
    reserve(3, '9.9.9.9'),
    reserve(4, '7.7.7.7'),
    reserve(5, '6.6.6.6'),
    reserve(0, '8.8.8.8'),
  ];
  assert.deepEqual(granted, [true, true, false, true, true, false, true]);
});

test('a group opens so many circuits at once, all groups so many; the one asked for is counted', async () => {
  const target = await newPeer();
  const crowded = await relay([
    ['8.8.8.8', 1],
    ['8.8.8.8', 2],
    ['9.9.9.9', 0],
  ]);
  assert.equal(crowded.budget.mayConnect(crowded.peers[0]!, target), false);
  assert.equal(crowded.budget.mayConnect(crowded.peers[2]!, target), true);
  const full = await relay([
    ['8.8.8.8', 2],
    ['9.9.9.9', 2],
  ]);
  assert.equal(full.budget.mayConnect(full.peers[1]!, target), false);
  const free = await relay([['8.8.8.8', 1]]);
  assert.equal(free.budget.mayConnect(free.peers[0]!, target), true);
  assert.equal(free.budget.mayConnect(free.peers[0]!, free.peers[0]!), false);
});

test('nodes of this machine count one by one', async () => {
  const { budget, held, peers } = await relay(Array.from({ length: 4 }, () => ['127.0.0.1', 0] as const));
  for (const peer of peers) {
    assert.ok(budget.mayReserve(peer));
    held.set(peer.toString(), '127.0.0.1');
  }
});
