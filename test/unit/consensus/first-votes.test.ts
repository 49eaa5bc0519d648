import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, hasBit, isProven, isWellFormed, offendersOf } from '#ledger';
import {
  certificateOf,
  commitFrom,
  secondVoteIn,
  signersOf,
  voteGroupsCodec,
} from '../../../src/consensus/blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { archiveBytesOf, firstVotes } from '../../../src/consensus/evidence/first-votes.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import type { StepVotes } from '../../../src/consensus/vote-archive.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const hundred = committee(Array.from({ length: 100 }, () => 10));
const four = committee([10, 10, 10, 10]);
const block = named('block');
const everybody = (size: number) => Array.from({ length: size }, (_, place) => place);

interface Decision {
  readonly record: HeightRecord;
  readonly commit: ReturnType<typeof commitFrom>;
}

/** A height that all decide in a round: their prevotes and precommits, and the commit. */
function decision(of = four, round = 0): Decision {
  const record = new HeightRecord(1, of.validators);
  const places = everybody(of.validators.size);
  for (const place of places) record.addVote(voteBy(of, place, PREVOTE, block, { round }));
  const precommits = places.map((place) => voteBy(of, place, PRECOMMIT, block, { round }));
  for (const vote of precommits) record.addVote(vote);
  return { record, commit: commitFrom(certificateOf(precommits), CHAIN_ID, of.validators) };
}

const archived = ({ record, commit }: Decision) => firstVotes(record, commit, CHAIN_ID);
const bytesOf = (votes: readonly StepVotes[]) =>
  votes.reduce((sum, { groups }) => sum + encode(voteGroupsCodec, groups).length, 0);
const stepsOf = (votes: readonly StepVotes[]) => votes.map(({ round, kind }) => `${round}/${kind}`);
const votersIn = (votes: readonly StepVotes[], round: number, kind: 1 | 2) =>
  votes
    .filter((step) => step.round === round && step.kind === kind)
    .flatMap(({ groups }) =>
      groups.flatMap(({ voters }) => everybody(100).filter((place) => hasBit(voters, place))),
    );

test('all prevotes are archived, and the precommits that the commit does not prove', () => {
  const height = decision(hundred);
  const votes = archived(height);
  assert.deepEqual(votersIn(votes, 0, PREVOTE), everybody(100));
  const signers = signersOf(height.commit, hundred.validators);
  assert.equal(signers.length, 67);
  const others = everybody(100).filter((place) => !signers.includes(place));
  assert.deepEqual(votersIn(votes, 0, PRECOMMIT), others);
  assert.deepEqual(stepsOf(archived(decision())), ['0/1'], 'all four are in their commit');
});

test('each archived vote is evidence together with another of its step', () => {
  const votes = archived(decision(hundred));
  for (const { round, kind, groups } of votes) {
    for (const place of [votersIn(votes, round, kind)[0]!, votersIn(votes, round, kind).at(-1)!]) {
      const second = voteBy(hundred, place, kind, named('another'), { round });
      const evidence = secondVoteIn(groups, second, hundred.validators)!;
      assert.deepEqual(offendersOf(evidence), [hundred.keys[place]!.publicKey]);
      assert.ok(isWellFormed(evidence) && isProven(evidence, CHAIN_ID));
      assert.equal(
        secondVoteIn(groups, voteBy(hundred, place, kind, block, { round }), hundred.validators),
        undefined,
      );
    }
  }
});

test('a height takes 4.5 KB in the archive at a hundred validators, and 250 bytes at four', () => {
  assert.ok(bytesOf(archived(decision(hundred))) <= 4_500, `${bytesOf(archived(decision(hundred)))} bytes`);
  assert.ok(bytesOf(archived(decision())) <= 250, `${bytesOf(archived(decision()))} bytes`);
});

test('a precommit of a signer for something else is archived, and without a commit all are', () => {
  const { record, commit } = decision();
  record.addVote(voteBy(four, 2, PRECOMMIT, NIL, { round: 1 }));
  assert.deepEqual(stepsOf(firstVotes(record, commit, CHAIN_ID)), ['0/1', '1/2']);
  assert.deepEqual(stepsOf(firstVotes(record, undefined, CHAIN_ID)), ['0/1', '0/2', '1/2']);
});

test('the decided round comes first, then those before it, then those after it', () => {
  const height = decision(four, 3);
  for (const round of [5, 0, 4, 2]) height.record.addVote(voteBy(four, 1, PREVOTE, NIL, { round }));
  assert.deepEqual(stepsOf(archived(height)), ['3/1', '2/1', '0/1', '4/1', '5/1']);
});

test('what a third of the validators sign in other rounds is bounded, and displaces no vote of the decided round', () => {
  const height = decision(hundred, 2);
  const { record } = height;
  for (let round = 0; round < 20; round++) {
    for (let place = 0; place < 33; place++) {
      for (const kind of [PREVOTE, PRECOMMIT] as const)
        record.addVote(voteBy(hundred, place, kind, named(`${round}, ${place}`), { round }));
    }
  }
  const votes = archived(height);
  assert.deepEqual(votersIn(votes, 2, PREVOTE), everybody(100));
  assert.equal(votersIn(votes, 2, PRECOMMIT).length, 33);
  const bytes = bytesOf(votes);
  assert.ok(bytes <= archiveBytesOf(hundred.validators), `${bytes} bytes`);
  assert.ok(bytes > archiveBytesOf(hundred.validators) - 500, 'as much as fits is archived');
});
