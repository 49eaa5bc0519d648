import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { SigningKey } from '#crypto';
import {
  builtInTestNetwork,
  joinTestNetwork,
  openTestNetwork,
  signTestNetwork,
  testNetworkView,
} from '../../../src/node/join/test-network.ts';

const key = new SigningKey(new Uint8Array(32).fill(3));
const NETWORK = { name: 'test', invites: ['bitorch://join?a', 'bitorch://join?b'] };

test('the list of this build is signed by the key of this build', () => {
  const { name, invites } = builtInTestNetwork();
  assert.equal(name, 'test');
  assert.equal(testNetworkView({ name, invites }).available, invites.length > 0);
});

test('a list is read back, and refused when it is damaged or signed by another key', () => {
  const signed = signTestNetwork(NETWORK, key);
  assert.deepEqual(openTestNetwork(signed, key.publicKey), NETWORK);
  const refused = { code: 'TEST_NETWORK_INVALID', message: /Install the program again/ };
  const other = new SigningKey(new Uint8Array(32).fill(4));
  assert.throws(() => openTestNetwork(signed, other.publicKey), refused);
  for (const changed of [
    { name: 'tost' },
    { invites: [NETWORK.invites[0]] },
    { invites: [...NETWORK.invites].reverse() },
    { invites: Array(17).fill('bitorch://join?a') },
    { version: 2 },
    { signature: 'ab' },
    { further: 1 },
  ])
    assert.throws(() => openTestNetwork({ ...signed, ...changed }, key.publicKey), refused);
  assert.throws(() => openTestNetwork({}, key.publicKey), refused);
});

test('an empty list says what to do instead, and is not joined', async () => {
  const empty = { name: 'test', invites: [] };
  const { available, text } = testNetworkView(empty);
  assert.equal(available, false);
  assert.match(text, /invite/);
  await assert.rejects(
    joinTestNetwork(empty, () => assert.fail('joined')),
    { code: 'TEST_NETWORK_EMPTY', message: text },
  );
});

test('the invites are tried in order while their nodes cannot be reached', async () => {
  const tried: string[] = [];
  const failing = (code: 'JOIN_UNREACHABLE' | 'INVITE_FOREIGN', works?: string) => async (invite: string) => {
    tried.push(invite);
    if (invite !== works) throw new BitorchError(code, invite);
  };
  await joinTestNetwork(NETWORK, failing('JOIN_UNREACHABLE', 'bitorch://join?b'));
  assert.deepEqual(tried, NETWORK.invites);
  await assert.rejects(joinTestNetwork(NETWORK, failing('JOIN_UNREACHABLE')), {
    message: 'bitorch://join?b',
  });
  tried.length = 0;
  await assert.rejects(joinTestNetwork(NETWORK, failing('INVITE_FOREIGN')), { code: 'INVITE_FOREIGN' });
  assert.equal(tried.length, 1, 'what does not depend on the node is not tried again');
});
