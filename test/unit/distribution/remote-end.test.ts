import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketEnd, tunnelEnd } from '../../../src/distribution/swarm/remote-end.ts';

const tunnel = (node: string, network: string, isRelayed: boolean) =>
  tunnelEnd({ node, network, isRelayed, outgoing: true });

test('all peers behind relays share the places of one address, and are banned one by one', () => {
  const [a, b] = [tunnel('a', 'relayed', true), tunnel('b', 'relayed', true)];
  assert.deepEqual(a.groups, b.groups);
  assert.deepEqual([a.origin, b.origin], ['a', 'b']);
});

test('a tunnel that no relay carries counts and is banned with the TCP connections of its address', () => {
  const socket = socketEnd({ host: '203.0.113.7', port: 6881, outgoing: false });
  const { groups, network, origin } = tunnel('a', '203.0.113.7', false);
  assert.deepEqual(
    { groups, network, origin },
    { groups: socket.groups, network: socket.network, origin: socket.origin },
  );
});

test('nodes on this machine share an address, so a ban hits one of them', () => {
  assert.equal(tunnel('a', '127.0.0.1', false).origin, 'a');
});
