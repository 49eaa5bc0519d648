import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressesToAnnounce,
  addressesToProve,
  type OwnAddresses,
} from '../../../../src/network/reach/own-addresses.ts';
import { afterEvent, NOTHING_KNOWN } from '../../../../src/network/reach/reachability.ts';

const CIRCUIT = `/ip4/9.9.9.9/tcp/4001/p2p/12D3KooW${'A'.repeat(44)}/p2p-circuit`;
const home: OwnAddresses = {
  listening: ['/ip4/127.0.0.1/tcp/4001', '/ip4/192.168.1.5/tcp/4001'],
  configured: [],
  mapped: ['/ip4/8.8.8.8/tcp/7777'],
  circuits: [CIRCUIT],
  seenHost: '8.8.8.8',
};

test('behind a router the mapped port is proved, and the same port in case somebody forwarded it', () => {
  assert.deepEqual(addressesToProve(home), ['/ip4/8.8.8.8/tcp/7777', '/ip4/8.8.8.8/tcp/4001']);
  assert.deepEqual(addressesToProve({ ...home, mapped: [], seenHost: undefined }), []);
  const server = { ...home, listening: ['/ip4/8.8.8.8/tcp/4001'], mapped: [] };
  assert.deepEqual(addressesToProve(server), ['/ip4/8.8.8.8/tcp/4001']);
});

test('a node announces its circuits until a stranger gets through, and unproven mappings never', () => {
  assert.deepEqual(addressesToAnnounce(home, NOTHING_KNOWN, 0), [...home.listening, CIRCUIT]);
  const [mapped] = home.mapped;
  const proven = afterEvent(NOTHING_KNOWN, { type: 'dialled', address: mapped! }, 0);
  assert.deepEqual(addressesToAnnounce(home, proven, 0), [mapped, ...home.listening]);
});

test('a public address behind a closed firewall is announced until two peers have failed there', () => {
  const [address] = ['/ip4/8.8.8.8/tcp/4001'];
  const server = { ...home, listening: [address!], mapped: [] };
  assert.deepEqual(addressesToAnnounce(server, NOTHING_KNOWN, 0), [address, CIRCUIT]);
  const failed = ['a', 'b'].reduce(
    (state, by) => afterEvent(state, { type: 'dial-failed', address: address!, by }, 0),
    NOTHING_KNOWN,
  );
  assert.deepEqual(addressesToAnnounce(server, failed, 0), [CIRCUIT]);
});
