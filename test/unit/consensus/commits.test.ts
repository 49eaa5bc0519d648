import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bitsOf, encode, hasBit, isProven, isWellFormed, offendersOf } from '#ledger';
import {
  type Certificate,
  type Commit,
  certificateOf,
  commitCodec,
  commitFrom,
  presentIn,
  requireCommit,
  secondVote,
  signersOf,
  type ValidatorSet,
  type Vote,
  verifyAll,
} from '../../../src/consensus/blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { CHAIN_ID, type Committee, committee, named, voteBy } from '../../support/consensus/validators.ts';

const hundred = committee(new Array(100).fill(10));
const BLOCK = named('a block');
const HEIGHT = 7;
const all = Array.from({ length: 100 }, (_, place) => place);

const precommitsOf = (places: readonly number[], of: Committee = hundred, height = HEIGHT): Certificate =>
  certificateOf(places.map((place) => voteBy(of, place, PRECOMMIT, BLOCK, { height })));
const commitOf = (places: readonly number[], of: Committee = hundred, height = HEIGHT): Commit =>
  commitFrom(precommitsOf(places, of, height), CHAIN_ID, of.validators);
const check = (commit: Commit, { validators }: { validators: ValidatorSet } = hundred, chainId = CHAIN_ID) =>
  requireCommit(commit, chainId, validators, verifyAll);
const refused = (commit: Commit, what: string, chainId = CHAIN_ID) =>
  assert.throws(() => check(commit, hundred, chainId), { code: 'COMMIT_INVALID' }, what);

test('all precommits make one point each of a quorum, a scalar, and a bit for everybody who was present', () => {
  const commit = commitOf(all);
  check(commit);
  assert.equal(signersOf(commit, hundred.validators).length, 67);
  assert.deepEqual(presentIn(commit, hundred.validators), all);
  assert.ok(encode(commitCodec, commit).length <= 68 * 32 + 64);
});

test('the same precommits give the same bytes in any order', () => {
  const votes = all
    .slice(10, 95)
    .map((place) => voteBy(hundred, place, PRECOMMIT, BLOCK, { height: HEIGHT }));
  const made = (of: readonly Vote[]) =>
    encode(commitCodec, commitFrom(certificateOf(of), CHAIN_ID, hundred.validators));
  assert.deepEqual(made([...votes].reverse()), made(votes));
  assert.deepEqual(made([...votes.slice(40), ...votes.slice(0, 40)]), made(votes));
});

test('in small sets everybody who is present signs, whether needed or not', () => {
  for (const size of [1, 4, 64]) {
    const some = committee(new Array(size).fill(3));
    const places = Array.from({ length: size }, (_, place) => place);
    const commit = commitOf(places, some);
    check(commit, some);
    assert.deepEqual(signersOf(commit, some.validators), places);
  }
});

test('the most powerful sign, and of equals others at each height', () => {
  const mixed = committee(all.map((i) => (i % 10 === 0 ? 50 : 10)));
  const { validators } = mixed;
  const strong = all.filter((place) => validators.at(place)!.power === 50);
  for (const height of [1, 50, 99]) {
    const signers = new Set(signersOf({ height, present: bitsOf(100, () => true) }, validators));
    for (const place of strong) assert.ok(signers.has(place));
  }
  const counts = all.map(() => 0);
  for (let height = 1; height <= 100; height++) {
    const signers = signersOf({ height, present: bitsOf(100, () => true) }, hundred.validators);
    for (const place of signers) counts[place]!++;
  }
  assert.deepEqual(new Set(counts), new Set([67]));
});

test('a commit is bound to its chain, height, round, block and set', () => {
  const commit = commitOf(all);
  refused(commit, 'another chain', new Uint8Array(32).fill(1));
  refused({ ...commit, height: HEIGHT + 1 }, 'another height');
  refused({ ...commit, round: 1 }, 'another round');
  refused({ ...commit, block: named('another') }, 'another block');
  refused({ ...commit, block: NIL }, 'no block');
  const others = committee(new Array(99).fill(10));
  assert.throws(() => check(commit, others), { code: 'COMMIT_INVALID' });
  const prevotes = certificateOf(
    all.map((place) => voteBy(hundred, place, PREVOTE, BLOCK, { height: HEIGHT })),
  );
  refused(commitFrom(prevotes, CHAIN_ID, hundred.validators), 'prevotes');
});

test('no quorum, points too few or too many, and bits beyond the set are refused', () => {
  const commit = commitOf(all);
  refused(commitOf(all.slice(0, 66)), 'two thirds and no more');
  refused({ ...commit, nonces: commit.nonces.slice(1) }, 'a point is missing');
  refused({ ...commit, nonces: [...commit.nonces, commit.nonces[0]!] }, 'a point too many');
  refused({ ...commit, nonces: [...commit.nonces].reverse() }, 'in another order');
  refused({ ...commit, present: commit.present.subarray(0, 12) }, 'bits are missing');
  const beyond = commit.present.slice();
  beyond[12]! |= 0x10;
  refused({ ...commit, present: beyond }, 'a validator that is not there');
});

test('nobody is claimed to be present who would have had to sign, and is not left out who did', () => {
  const turn = HEIGHT % 100;
  const [early, late] = [turn, (turn + 99) % 100];
  const withoutEarly = commitOf(all.filter((place) => place !== early));
  const claimed = withoutEarly.present.slice();
  claimed[early >> 3]! |= 1 << (early & 7);
  refused({ ...withoutEarly, present: claimed }, 'its signature is missing');
  const commit = commitOf(all);
  const hidden = bitsOf(100, (place) => place !== early);
  refused({ ...commit, present: hidden }, 'it has signed');
  // Whose turn comes after the quorum is believed: see the threat model.
  const withoutLate = commitOf(all.filter((place) => place !== late));
  check({ ...withoutLate, present: commit.present });
});

test('evidence of a vote against an aggregate convicts only its author', () => {
  const { validators } = hundred;
  const commit = commitOf(all);
  const signers = signersOf(commit, validators);
  for (const place of [signers[0]!, signers.at(-1)!]) {
    const vote = voteBy(hundred, place, PRECOMMIT, named('another'), { height: HEIGHT });
    const evidence = secondVote(vote, commit, validators)!;
    assert.ok(isWellFormed(evidence) && isProven(evidence, CHAIN_ID));
    assert.deepEqual(offendersOf(evidence), [validators.at(place)!.key]);
  }
  const bystander = all.find((place) => !signers.includes(place))!;
  assert.ok(hasBit(commit.present, bystander));
  const by = (place: number, block: Uint8Array, kind: 1 | 2 = PRECOMMIT, round = 0) =>
    secondVote(voteBy(hundred, place, kind, block, { height: HEIGHT, round }), commit, validators);
  assert.equal(by(bystander, named('another')), undefined, 'it was present, which proves nothing');
  assert.equal(by(signers[0]!, BLOCK), undefined, 'the same block');
  assert.equal(by(signers[0]!, named('another'), PREVOTE), undefined, 'another step');
  assert.equal(by(signers[0]!, named('another'), PRECOMMIT, 1), undefined, 'another round');
});
