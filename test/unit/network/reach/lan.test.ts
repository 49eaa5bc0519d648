import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { createLog } from '#base';
import type { PeerAddress } from '#network';
import { LanPeers } from '../../../../src/network/reach/lan.ts';

const found = async (...addresses: string[]) => ({
  id: peerIdFromPrivateKey(await generateKeyPair('Ed25519')),
  multiaddrs: addresses.map((address) => multiaddr(address)),
});

function lan() {
  const dialled: PeerAddress[] = [];
  const state = { now: 0, blocked: false };
  const peers = new LanPeers({
    host: {
      isConnected: () => false,
      connect: (peer) => {
        dialled.push(peer);
        return state.blocked ? new Promise(() => undefined) : Promise.reject(new Error('away'));
      },
    },
    log: createLog('silent'),
    now: () => state.now,
  });
  return { peers, dialled, state };
}

test('of what the local network tells only private addresses are dialled', async () => {
  const { peers, dialled } = lan();
  peers.found(await found('/ip4/127.0.0.1/tcp/22', '/ip4/8.8.8.8/tcp/80', '/ip4/192.168.1.9/tcp/4001'));
  peers.found(await found('/ip4/127.0.0.1/tcp/22', '/dns4/printer.local/tcp/80'));
  assert.deepEqual(
    dialled.map(({ addresses, learntFrom }) => [addresses, learntFrom]),
    [[['/ip4/192.168.1.9/tcp/4001'], 'private']],
  );
});

test('a peer is dialled once a minute, and few at a time', async () => {
  const { peers, dialled, state } = lan();
  const peer = await found('/ip4/192.168.1.9/tcp/4001');
  peers.found(peer);
  peers.found(peer);
  assert.equal(dialled.length, 1);
  await new Promise(setImmediate);
  state.now = 60_000;
  peers.found(peer);
  assert.equal(dialled.length, 2);
  await new Promise(setImmediate);
  state.blocked = true;
  for (let i = 0; i < 20; i++) peers.found(await found(`/ip4/192.168.1.${i + 10}/tcp/4001`));
  assert.equal(dialled.length, 6);
});
