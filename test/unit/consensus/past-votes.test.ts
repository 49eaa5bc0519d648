import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256, utf8 } from '#base';
import { type Equivocation, isProven, isWellFormed, offendersOf } from '#ledger';
import { MemoryStore } from '#store';
import { signBallot, type Vote, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { PastVotes } from '../../../src/consensus/evidence/index.ts';
import { CHAIN_ID, chainOf, keysOf, setOf } from '../../support/consensus/headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
const set = setOf(four);
const bad = four[1]!;
const links = chainOf(30, () => four);
const other = sha256(utf8('another block'));

function voteOf(height: number, kind: 1 | 2, block: Uint8Array, { round = 0, key = bad } = {}): Vote {
  return signBallot(CHAIN_ID, { height, round, kind, block }, set.placeOf(key.publicKey), key);
}

/** Thirty heights, of which the journals of those from 20 on are still here, and how often one was read. */
function history(options: { maxAtHand?: number } = {}) {
  const store = new ChainStore(new MemoryStore());
  store.begin(sha256(utf8('state 0')), [set, set]);
  for (const { block, light } of links)
    store.append({ block, commit: light.commit, appHash: light.header.appHash, validators: set });
  const read: number[] = [];
  const journalled = (height: number): Vote[] => {
    read.push(height);
    return height < 20 ? [] : [voteOf(height, PREVOTE, idOf(height), { round: 1 })];
  };
  return {
    past: new PastVotes({ chainId: CHAIN_ID, ...options }, { store, journalled, verify: verifyAll }),
    read,
  };
}

const idOf = (height: number) => links[height - 1]!.light.commit.block;
const isGood = (evidence: Equivocation | undefined) => {
  assert.deepEqual(offendersOf(evidence!), [bad.publicKey]);
  assert.ok(isWellFormed(evidence!) && isProven(evidence!, CHAIN_ID));
};

test('a second precommit is evidence against the commit of its height, however long that is over', () => {
  const { past } = history();
  for (const height of [1, 15, 29]) isGood(past.against(voteOf(height, PRECOMMIT, other)));
});

test('a second vote of any step is evidence while the journal of its height is here', () => {
  const { past } = history();
  isGood(past.against(voteOf(25, PREVOTE, other, { round: 1 })));
  assert.equal(past.against(voteOf(19, PREVOTE, other, { round: 1 })), undefined);
});

test('the same vote again, another round and another validator are no offence', () => {
  const { past } = history();
  assert.equal(past.against(voteOf(25, PRECOMMIT, idOf(25))), undefined);
  assert.equal(past.against(voteOf(25, PRECOMMIT, other, { round: 3 })), undefined);
  assert.equal(past.against(voteOf(25, PREVOTE, other, { round: 1, key: four[0]! })), undefined);
  assert.equal(past.against(voteOf(500, PRECOMMIT, other)), undefined);
});

test('what its validator has not signed counts against the sender, and no journal is read for it', () => {
  const { past, read } = history();
  const forged = { ...voteOf(25, PREVOTE, other), signature: new Uint8Array(64) };
  assert.throws(() => past.against(forged), { code: 'COMMIT_INVALID' });
  assert.throws(() => past.against({ ...forged, validator: 9 }), { code: 'COMMIT_INVALID' });
  assert.deepEqual(read, []);
  for (let round = 2; round < 50; round++) past.against(voteOf(25, PREVOTE, other, { round }));
  assert.deepEqual(read, [25]);
});

test('journals at hand are bounded, also those that have no votes', () => {
  const { past, read } = history({ maxAtHand: 5 });
  const heights = Array.from({ length: 10 }, (_, i) => i + 1);
  for (const height of [...heights, 10, 1]) past.against(voteOf(height, PREVOTE, other));
  assert.deepEqual(read, [...heights, 1]);
});
