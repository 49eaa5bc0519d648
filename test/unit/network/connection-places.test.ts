import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { ConnectionPlaces, MAX_CONNECTIONS } from '../../../src/network/connection-places.ts';

let made = 0;
type Given = { direction?: 'inbound' | 'outbound'; protocols?: readonly string[] };

/** A connection with a peer at an IPv4 or IPv6 address; without one, through a relay. */
function connection(
  peer: string,
  host: string | undefined,
  { direction = 'inbound', protocols = [] }: Given = {},
) {
  const address = host ? `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/1` : '/p2p-circuit';
  return {
    id: `${made++}`,
    direction,
    remotePeer: { toString: () => peer },
    remoteAddr: multiaddr(address),
    streams: protocols.map((protocol) => ({ protocol })),
  } as unknown as Connection;
}

/** The connections that stay when these come one after the other, and a clock. */
function worldOf() {
  const world = { now: 0, open: new Set<Connection>() };
  const places = new ConnectionPlaces(() => world.now);
  const come = (newcomer: Connection): boolean => {
    const leaving = places.opened(newcomer);
    world.open.add(newcomer);
    if (leaving) world.open.delete(leaving);
    return world.open.has(newcomer);
  };
  return Object.assign(world, { places, come });
}

const addressOf = (i: number) => `${1 + (i >> 8)}.${i & 255}.0.1`;

test('a peer has 4 connections, an address 64, this machine as many as there are', () => {
  const world = worldOf();
  const come = (peer: string, host: string) => world.come(connection(peer, host));
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => come('p', '192.0.2.1')),
    [true, true, true, true, false],
  );
  for (let i = 0; i < 70; i++) come(`q${i}`, '192.0.2.1');
  assert.equal(world.open.size, 64);
  assert.ok(Array.from({ length: 100 }, (_, i) => come(`own ${i}`, '127.0.0.1')).every(Boolean));
});

test('when all places are taken, a newcomer gets one of the address or network that has most', () => {
  const world = worldOf();
  for (let i = 0; i < 200; i++) world.come(connection(`honest ${i}`, addressOf(i)));
  for (let i = 0; i < 56; i++) world.come(connection(`crowd ${i}`, `2001:db8:7:${i.toString(16)}::1`));
  for (let i = 0; i < 40; i++) assert.ok(world.come(connection(`new ${i}`, addressOf(1000 + i))));
  assert.equal(world.open.size, MAX_CONNECTIONS);
  const left = [...world.open].filter(({ remotePeer }) => `${remotePeer}`.startsWith('crowd'));
  assert.equal(left.length, 16, 'addresses of one IPv6 network count as one holder');
});

test('a connection that is of no use gives way after 5 minutes, one that is of use or in use does not', () => {
  const world = worldOf();
  const inUse = connection('in use', addressOf(0), { protocols: ['/bitorch/execution/session/4'] });
  const gossips = connection('gossips', addressOf(1), { protocols: ['/meshsub/1.2.0'] });
  const idles = connection('idles', addressOf(2), { protocols: ['/meshsub/1.2.0'] });
  for (const each of [inUse, gossips, idles]) world.come(each);
  for (let i = 3; i < MAX_CONNECTIONS; i++) {
    world.come(connection(`p${i}`, addressOf(i)));
    world.places.used(`p${i}`);
  }
  world.now = 299_000;
  for (let i = 3; i < MAX_CONNECTIONS; i++) world.places.used(`p${i}`);
  world.places.used('gossips');
  assert.equal(world.come(connection('early', addressOf(2000))), false);
  world.now = 300_000;
  assert.equal(world.come(connection('new', addressOf(2001))), true);
  assert.equal(world.open.has(idles), false);
  assert.equal(world.come(connection('another', addressOf(2002))), false);
  assert.ok(world.open.has(inUse) && world.open.has(gossips));
});

test('strangers that take all places do not close connections that this node opened', () => {
  const world = worldOf();
  const own = connection('chosen', addressOf(0), { direction: 'outbound' });
  world.come(own);
  for (let i = 1; i < 600; i++) world.come(connection(`p${i}`, addressOf(i)));
  assert.ok(world.open.has(own));
  assert.ok(world.come(connection('another', addressOf(1), { direction: 'outbound' })));
});

test('peers behind relays share as one address', () => {
  const world = worldOf();
  const admitted = Array.from({ length: 100 }, (_, i) => world.come(connection(`r${i}`, undefined)));
  assert.equal(admitted.filter(Boolean).length, 64);
});
