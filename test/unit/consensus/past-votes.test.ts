import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256, utf8 } from '#base';
import type { SigningKey } from '#crypto';
import { type Equivocation, isProven, isWellFormed, offendersOf } from '#ledger';
import { MemoryStore } from '#store';
import { signBallot, signersOf, type Vote, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { firstVotes, PastVotes } from '../../../src/consensus/evidence/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { CHAIN_ID, chainOf, keysOf, setOf } from '../../support/consensus/headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
const bad = four[1]!;
const HEIGHTS = 30;
const other = sha256(utf8('another block'));

/** A chain of these validators; `bad` has prevoted in round 1 of each height, and a vote is archived with the next block. */
function history(keys = four, evidenceBlocks = 100) {
  const [, bad] = keys as [SigningKey, SigningKey];
  const set = setOf(keys);
  const links = chainOf(HEIGHTS, () => keys);
  const idOf = (height: number) => links[height - 1]!.light.commit.block;
  const voteOf = (height: number, kind: 1 | 2, block: Uint8Array, { round = 0, key = bad } = {}): Vote =>
    signBallot(CHAIN_ID, { height, round, kind, block }, set.placeOf(key.publicKey), key);
  const store = new ChainStore(new MemoryStore());
  store.begin(sha256(utf8('state 0')), [set, set]);
  for (const { block, light } of links) {
    const record = new HeightRecord(block.header.height - 1, set);
    if (record.height > 0) {
      record.addVote(voteOf(record.height, PREVOTE, idOf(record.height), { round: 1 }));
      for (const key of keys) record.addVote(voteOf(record.height, PRECOMMIT, idOf(record.height), { key }));
    }
    const votesBefore = firstVotes(record, block.lastCommit, CHAIN_ID);
    store.append({
      block,
      commit: light.commit,
      appHash: light.header.appHash,
      validators: set,
      votesBefore,
    });
  }
  const read: string[] = [];
  const counted = {
    get height() {
      return store.height;
    },
    validators: (height: number) => {
      read.push('validators');
      return store.validators(height);
    },
    votes: (vote: Vote) => {
      read.push('votes');
      return store.votes(vote);
    },
    commit: (height: number) => {
      read.push('commit');
      return store.commit(height);
    },
  };
  const accused = new Set<Vote>();
  const past = new PastVotes(
    { chainId: CHAIN_ID, evidenceBlocks },
    { store: counted, verify: verifyAll, isAccused: (vote) => accused.has(vote) },
  );
  return { past, read, accused, set, store, idOf, voteOf };
}

function isGood(evidence: Equivocation | undefined, key = bad): void {
  assert.deepEqual(offendersOf(evidence!), [key.publicKey]);
  assert.ok(isWellFormed(evidence!) && isProven(evidence!, CHAIN_ID));
}

test('a second precommit is evidence against the commit of its height', () => {
  const { past, voteOf } = history();
  for (const height of [1, 15, 29]) isGood(past.against(voteOf(height, PRECOMMIT, other)));
});

test('a second vote of any step is evidence against the archived one', () => {
  const { past, voteOf } = history();
  for (const height of [1, 15, 29]) isGood(past.against(voteOf(height, PREVOTE, other, { round: 1 })));
});

test('the same vote again, another round and another validator are no offence', () => {
  const { past, voteOf, idOf } = history();
  assert.equal(past.against(voteOf(25, PRECOMMIT, idOf(25))), undefined);
  assert.equal(past.against(voteOf(25, PREVOTE, idOf(25), { round: 1 })), undefined);
  assert.equal(past.against(voteOf(25, PRECOMMIT, other, { round: 3 })), undefined);
  assert.equal(past.against(voteOf(25, PREVOTE, other, { round: 1, key: four[0]! })), undefined);
  assert.equal(past.against(voteOf(500, PRECOMMIT, other)), undefined);
});

test('in a set of a hundred, whoever was present without signing the commit is caught too', () => {
  const keys = keysOf(...Array.from({ length: 100 }, (_, i) => `validator ${i}`));
  const { past, set, store, voteOf } = history(keys);
  const signers = signersOf(store.commit(7)!, set);
  assert.equal(signers.length, 67);
  for (const key of keys) {
    const isSigner = signers.includes(set.placeOf(key.publicKey));
    if (isSigner && key !== keys[0]) continue;
    isGood(past.against(voteOf(7, PRECOMMIT, other, { key })), key);
  }
});

test('of a vote that is too old for the ledger nothing is read', () => {
  const { past, read, voteOf } = history(four, 10);
  // The next block is of height 31 and takes evidence of heights 22 to 31.
  const forged = { ...voteOf(21, PREVOTE, other, { round: 1 }), signature: new Uint8Array(64) };
  assert.equal(past.against(forged), undefined);
  assert.equal(past.against(voteOf(21, PREVOTE, other, { round: 1 })), undefined);
  assert.deepEqual(read, []);
  isGood(past.against(voteOf(22, PREVOTE, other, { round: 1 })));
});

test('what its validator has not signed counts against the sender, and no votes are read for it', () => {
  const { past, read, voteOf } = history();
  const forged = { ...voteOf(25, PREVOTE, other), signature: new Uint8Array(64) };
  assert.throws(() => past.against(forged), { code: 'COMMIT_INVALID' });
  assert.throws(() => past.against({ ...forged, validator: 9 }), { code: 'COMMIT_INVALID' });
  assert.deepEqual(new Set(read), new Set(['validators']));
});

test('a vote costs at most a set, the votes of its step and a commit; a second one of an accused step a set', () => {
  const { past, read, accused, voteOf } = history();
  past.against(voteOf(25, PREVOTE, other, { round: 9 }));
  assert.deepEqual(read.splice(0), ['validators', 'votes', 'commit']);
  const second = voteOf(25, PRECOMMIT, other);
  accused.add(second);
  assert.equal(past.against(second), undefined);
  assert.deepEqual(read, ['validators']);
});
