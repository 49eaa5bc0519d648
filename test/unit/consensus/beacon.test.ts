import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainHash, toHex } from '#base';
import {
  firstBeacon,
  nextBeacon,
  proveBeacon,
  verifyBeacon,
} from '../../../src/consensus/application/beacon.ts';
import { founders } from '../../support/consensus/application.ts';
import { curve } from '../../support/ledger/chain.ts';

const genesis = new Uint8Array(32).fill(5);
const lengths = { periodBlocks: 3, epochBlocks: 6 };
const [one, two] = [founders[0]!, founders[1]!];

test('a beacon holds for its proposer and its seed only, and a proposer has exactly one', () => {
  const beacon = firstBeacon(genesis);
  const transaction = proveBeacon(beacon, one, curve);
  assert.deepEqual(proveBeacon(beacon, one, curve), transaction);
  const output = verifyBeacon(beacon, transaction, one.publicKey, curve);
  assert.ok(output);
  assert.equal(verifyBeacon(beacon, transaction, two.publicKey, curve), undefined);
  const later = nextBeacon(beacon, 1, output, lengths);
  assert.equal(verifyBeacon(later, transaction, one.publicKey, curve), undefined);
  assert.equal(verifyBeacon(beacon, undefined, one.publicKey, curve), undefined);
  assert.equal(verifyBeacon(beacon, transaction.subarray(0, 80), one.publicKey, curve), undefined);
  assert.equal(
    verifyBeacon(beacon, Uint8Array.of(1, ...transaction.subarray(1)), one.publicKey, curve),
    undefined,
  );
});

test('the seed is folded block by block; a block that brings no output moves it all the same', () => {
  const beacon = firstBeacon(genesis);
  const output = new Uint8Array(64).fill(1);
  assert.deepEqual(nextBeacon(beacon, 1, output, lengths).seed, domainHash('beacon', beacon.seed, output));
  assert.deepEqual(nextBeacon(beacon, 1, undefined, lengths).seed, domainHash('beacon', beacon.seed));
});

test('a period and an epoch begin with the seed of the block before their first', () => {
  let beacon = firstBeacon(genesis);
  const seeds = [toHex(beacon.seed)];
  for (let height = 1; height <= 14; height++) {
    beacon = nextBeacon(beacon, height, Uint8Array.of(height), lengths);
    seeds.push(toHex(beacon.seed));
    const [period, epoch] = [Math.floor(height / 3), Math.floor(height / 6)];
    assert.equal(beacon.period.number, period);
    assert.equal(beacon.epoch.number, epoch);
    assert.equal(toHex(beacon.period.seed), seeds[Math.max(0, 3 * period - 1)]);
    assert.equal(toHex(beacon.epoch.seed), seeds[Math.max(0, 6 * epoch - 1)]);
  }
  assert.equal(new Set(seeds).size, 15);
});
