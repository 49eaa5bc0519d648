import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterEvent,
  isDisproved,
  NOTHING_KNOWN,
  PROOF_MS,
  provenAddresses,
  type ReachEvent,
  type ReachState,
  reachabilityOf,
} from '../../../../src/network/reach/reachability.ts';

const ADDRESS = '/ip4/8.8.8.8/tcp/4001';
const OTHER = '/ip4/8.8.8.8/tcp/5001';
const after = (events: readonly ReachEvent[], from: ReachState = NOTHING_KNOWN, now = 0) =>
  events.reduce((state, event) => afterEvent(state, event, now), from);
const failed = (by: string, address = ADDRESS): ReachEvent => ({ type: 'dial-failed', address, by });
const dialled = (address = ADDRESS): ReachEvent => ({ type: 'dialled', address });

test('a node is unreachable, relayed, hole-punched or direct, by the best that it has seen', () => {
  const steps: [ReachEvent, string][] = [
    [failed('a'), 'unreachable'],
    [{ type: 'punched' }, 'unreachable'],
    [{ type: 'relays', count: 1 }, 'hole-punched'],
    [dialled(), 'direct'],
    [{ type: 'relays', count: 0 }, 'direct'],
  ];
  let state = NOTHING_KNOWN;
  assert.equal(reachabilityOf(state, 0), 'unreachable');
  assert.equal(reachabilityOf(after([{ type: 'relays', count: 2 }]), 0), 'relayed');
  for (const [event, expected] of steps) {
    state = after([event], state);
    assert.equal(reachabilityOf(state, 0), expected, event.type);
  }
});

test('a proof and a punched hole expire', () => {
  const state = after([{ type: 'relays', count: 1 }, { type: 'punched' }, dialled()]);
  assert.equal(reachabilityOf(state, PROOF_MS - 1), 'direct');
  assert.equal(reachabilityOf(state, PROOF_MS), 'relayed');
});

test('one peer alone cannot disprove an address, two of different groups can, and a new dial proves it again', () => {
  const proven = after([dialled()]);
  const once = after([failed('a'), failed('a'), failed('a')], proven);
  assert.deepEqual(provenAddresses(once, 0), [ADDRESS]);
  const twice = after([failed('b')], once);
  assert.deepEqual(provenAddresses(twice, 0), []);
  assert.ok(isDisproved(twice, ADDRESS));
  assert.ok(!isDisproved(twice, OTHER));
  assert.deepEqual(provenAddresses(after([dialled()], twice), 0), [ADDRESS]);
});

test('addresses are judged one by one, and only so many are kept', () => {
  const state = after([dialled(OTHER), failed('a'), failed('b')]);
  assert.deepEqual(provenAddresses(state, 0), [OTHER]);
  const many = Array.from({ length: 100 }, (_, port) => failed('a', `/ip4/8.8.8.8/tcp/${port + 1}`));
  assert.equal(after(many, state).addresses.size, 16);
});
