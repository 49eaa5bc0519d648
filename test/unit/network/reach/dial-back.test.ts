import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2pNode } from '../../../../src/network/libp2p-node.ts';
import { DialBacks } from '../../../../src/network/reach/dial-back.ts';

/** A node that peers are connected with from the given addresses; every dial of it succeeds when `open` says so. */
async function world(addresses: readonly string[]) {
  const dialled: string[] = [];
  const state = { now: 0, open: true, hang: false };
  const connections = await Promise.all(
    addresses.map(async (address) => ({
      remotePeer: peerIdFromPrivateKey(await generateKeyPair('Ed25519')),
      remoteAddr: multiaddr(address),
    })),
  );
  const libp2p = {
    getConnections: () => connections as unknown as Connection[],
    dial: async (address: unknown) => {
      dialled.push(`${address}`);
      if (state.hang) return new Promise(() => undefined);
      if (!state.open) throw new Error('refused');
      return { close: async () => undefined };
    },
  } as unknown as Libp2pNode;
  const ids = connections.map(({ remotePeer }) => remotePeer.toString());
  return { dialBacks: new DialBacks(libp2p, () => state.now), ids, dialled, state };
}

test('a peer is dialled at its own public address, at the port that it names, and nowhere else', async () => {
  const { dialBacks, ids, dialled, state } = await world(['/ip4/8.8.8.8/tcp/50000']);
  assert.deepEqual(await dialBacks.answer({ port: 4001 }, ids[0]!), { reached: true });
  assert.deepEqual(dialled, [`/ip4/8.8.8.8/tcp/4001/p2p/${ids[0]}`]);
  state.now = 10_000;
  state.open = false;
  assert.deepEqual(await dialBacks.answer({ port: 4001 }, ids[0]!), { reached: false });
  for (const message of [{}, { port: 0 }, { port: 65_536 }, { port: 4001, host: '9.9.9.9' }])
    await assert.rejects(dialBacks.answer(message, ids[0]!));
  assert.equal(dialled.length, 2);
});

test('peers of this machine, of its networks, and behind relays are not dialled', async () => {
  const relay = `/ip4/8.8.8.8/tcp/1/p2p/12D3KooW${'A'.repeat(44)}/p2p-circuit`;
  const { dialBacks, ids, dialled } = await world(['/ip4/127.0.0.1/tcp/1', '/ip4/192.168.1.1/tcp/1', relay]);
  for (const id of ids) await assert.rejects(dialBacks.answer({ port: 22 }, id), { code: 'ADDRESS_INVALID' });
  assert.deepEqual(dialled, []);
});

test('an address is dialled once in two seconds whatever its peers ask, and eight at a time', async () => {
  const hosts = Array.from({ length: 12 }, (_, i) => `/ip4/8.8.${i}.8/tcp/1`);
  const { dialBacks, ids, dialled, state } = await world([
    '/ip4/8.8.8.8/tcp/1',
    ...hosts,
    '/ip4/8.8.8.8/tcp/2',
  ]);
  await dialBacks.answer({ port: 1 }, ids[0]!);
  await assert.rejects(dialBacks.answer({ port: 2 }, ids.at(-1)!), { code: 'PEER_BUSY' });
  state.now = 2_000;
  state.hang = true;
  for (const id of ids.slice(1, 13)) dialBacks.answer({ port: 1 }, id).catch(() => undefined);
  await new Promise(setImmediate);
  assert.equal(dialled.length, 1 + 8);
});
