import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '#base';
import { verifyAll } from '#consensus';
import { isProven, isWellFormed } from '#ledger';
import {
  decodeBlock,
  encodeBlock,
  makeBlock,
  requireNext,
  type Tip,
} from '../../../src/consensus/blocks/block.ts';
import {
  type Certificate,
  certificateOf,
  requireCertificate,
  votesOf,
} from '../../../src/consensus/blocks/certificate.ts';
import { type Commit, commitFrom, commitHash, requireCommit } from '../../../src/consensus/blocks/commit.ts';
import { duplicateVote } from '../../../src/consensus/blocks/equivocation.ts';
import { blockId } from '../../../src/consensus/blocks/header.ts';
import { isMerkleLeaf, merkleProofs, merkleRoot } from '../../../src/consensus/blocks/merkle.ts';
import { PartSet, partsOf } from '../../../src/consensus/blocks/parts.ts';
import { signedProposal, signProposal } from '../../../src/consensus/blocks/proposal.ts';
import { signedVote } from '../../../src/consensus/blocks/vote.ts';
import { NIL, PART_BYTES, PRECOMMIT } from '../../../src/consensus/constants.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const four = committee([1, 1, 1, 1]);
const precommits = (places: readonly number[], height = 1): Certificate =>
  certificateOf(places.map((place) => voteBy(four, place, PRECOMMIT, named('a block'), { height })));
const commitBy = (places: readonly number[], height = 1): Commit =>
  commitFrom(precommits(places, height), CHAIN_ID, four.validators);

const contents = {
  chainId: CHAIN_ID,
  height: 2,
  time: 1_700_000_000_000,
  previous: named('the block before'),
  validators: four.validators.hash,
  nextValidators: four.validators.next().hash,
  appHash: named('state'),
  proposer: four.keys[1]!.publicKey,
  lastCommit: commitBy([0, 1, 2]),
  transactions: [Uint8Array.of(1, 2, 3), new Uint8Array(40_000), new Uint8Array(60_000).fill(7)],
};

test('a block survives its bytes and its parts, and its id is that of its header alone', () => {
  const block = makeBlock(contents);
  const bytes = encodeBlock(block);
  const { root, total, parts } = partsOf(bytes);
  assert.equal(total, 2);
  const set = new PartSet({ root, total });
  assert.equal(set.add(parts[1]!), true);
  assert.equal(set.add(parts[1]!), false, 'twice');
  assert.throws(() => set.bytes(), RangeError);
  assert.equal(set.add(parts[0]!), true);
  assert.ok(set.isComplete);
  assert.deepEqual(decodeBlock(set.bytes()), block);
  assert.deepEqual(blockId(decodeBlock(bytes).header), blockId(block.header));
});

test('a part of another block, or in another place, is refused', () => {
  const [mine, other] = [1, 2].map((fill) => partsOf(new Uint8Array(3 * PART_BYTES + 5).fill(fill)));
  const set = new PartSet(mine!);
  assert.throws(() => set.add(other!.parts[0]!), { code: 'PROOF_INVALID' });
  assert.throws(() => set.add({ ...mine!.parts[0]!, index: 3 }), { code: 'PROOF_INVALID' });
  assert.throws(() => set.add({ ...mine!.parts[2]!, proof: [] }), { code: 'PROOF_INVALID' });
  assert.equal(set.count, 0);
});

test('a block whose contents are not what its header says is refused', () => {
  const block = makeBlock(contents);
  assert.throws(() => decodeBlock(encodeBlock({ ...block, transactions: [] })), { code: 'BLOCK_INVALID' });
  assert.throws(() => decodeBlock(encodeBlock({ ...block, lastCommit: undefined })), {
    code: 'BLOCK_INVALID',
  });
  assert.throws(() => decodeBlock(concat([encodeBlock(block), Uint8Array.of(0)])), { code: 'CODEC_INVALID' });
});

test('a header that does not continue the chain is refused, for each field', () => {
  const { header } = makeBlock(contents);
  const tip: Tip = {
    chainId: CHAIN_ID,
    height: 2,
    previous: named('the block before'),
    previousTime: contents.time - 1,
    validators: four.validators,
    nextValidators: four.validators.next(),
    appHash: named('state'),
  };
  requireNext(header, tip);
  const other = named('other');
  for (const changed of [
    { chainId: new Uint8Array(32) },
    { height: 3 },
    { time: tip.previousTime },
    { previous: other },
    { validators: other },
    { nextValidators: other },
    { appHash: other },
    { proposer: other },
  ]) {
    assert.throws(() => requireNext({ ...header, ...changed }, tip), { code: 'BLOCK_INVALID' });
  }
});

test('a certificate takes strictly more than two thirds, each validator once, every signature good', () => {
  const check = (one: Certificate) => requireCertificate(one, CHAIN_ID, four.validators, verifyAll);
  const good = precommits([0, 2, 3]);
  check(good);
  const { signatures } = good;
  const refused: readonly Certificate[] = [
    precommits([0, 2]),
    { ...good, signatures: [signatures[0]!, signatures[0]!, signatures[1]!, signatures[2]!] },
    { ...good, signatures: [...signatures].reverse() },
    { ...good, signatures: [...signatures.slice(0, 2), { ...signatures[2]!, validator: 4 }] },
    { ...good, block: named('another') },
    { ...good, round: 1 },
    { ...good, block: NIL },
  ];
  for (const one of refused) assert.throws(() => check(one), { code: 'COMMIT_INVALID' });
  // Exactly two thirds are not enough.
  const six = committee([2, 2, 2]);
  const votes = [0, 1].map((place) => voteBy(six, place, PRECOMMIT, named('a block')));
  const { validators } = six;
  assert.throws(() => requireCertificate(certificateOf(votes), CHAIN_ID, validators, verifyAll), {
    code: 'COMMIT_INVALID',
  });
  const commit = commitFrom(certificateOf(votes), CHAIN_ID, validators);
  assert.throws(() => requireCommit(commit, CHAIN_ID, validators, verifyAll), { code: 'COMMIT_INVALID' });
});

test('a certificate is its votes', () => {
  const votes = [2, 0, 3].map((place) => voteBy(four, place, 1, named('a block')));
  assert.deepEqual(votesOf(certificateOf(votes)), [votes[1], votes[0], votes[2]]);
});

test('the hash of no commit is zeros, and one signature more makes another hash', () => {
  assert.deepEqual(commitHash(undefined), new Uint8Array(32));
  assert.notDeepEqual(commitHash(commitBy([0, 1, 2])), commitHash(commitBy([0, 1, 2, 3])));
});

test('votes and proposals are bound to their chain and their author', () => {
  const vote = voteBy(four, 2, 1, named('a block'));
  assert.ok(verifyAll([signedVote(CHAIN_ID, vote, four.validators)!]));
  assert.ok(!verifyAll([signedVote(CHAIN_ID, { ...vote, validator: 1 }, four.validators)!]));
  assert.ok(!verifyAll([signedVote(new Uint8Array(32).fill(1), vote, four.validators)!]));
  assert.equal(signedVote(CHAIN_ID, { ...vote, validator: 4 }, four.validators), undefined);

  const place = four.validators.placeOf(four.validators.proposer(3).key);
  const unsigned = {
    height: 1,
    round: 3,
    validRound: 1,
    block: named('a block'),
    partsRoot: named('parts'),
    parts: 1,
    time: 5,
  };
  const proposal = signProposal(CHAIN_ID, unsigned, four.keys[place]!);
  assert.ok(verifyAll([signedProposal(CHAIN_ID, proposal, four.validators)]));
  assert.ok(!verifyAll([signedProposal(CHAIN_ID, { ...proposal, validRound: -1 }, four.validators)]));
});

test('two votes of one step are evidence, in the order the ledger wants', () => {
  const [a, b] = [voteBy(four, 1, 1, named('a')), voteBy(four, 1, 1, named('b'))];
  const evidence = duplicateVote(a, b, four.validators);
  assert.deepEqual(evidence, duplicateVote(b, a, four.validators));
  assert.ok(isWellFormed(evidence) && isProven(evidence, CHAIN_ID));
  assert.ok(!isProven({ ...evidence, keys: [four.keys[2]!.publicKey] }, CHAIN_ID));
  assert.ok(!isWellFormed({ ...evidence, votes: [...evidence.votes].reverse() }));
  assert.throws(() => duplicateVote(a, a, four.validators), { code: 'EVIDENCE_INVALID' });
});

test('Merkle proofs hold for every leaf of every small tree, and for no other place', () => {
  for (let count = 1; count <= 33; count++) {
    const leaves = Array.from({ length: count }, (_, i) => Uint8Array.of(i));
    const { root, proofs } = merkleProofs(leaves);
    assert.deepEqual(root, merkleRoot(leaves));
    leaves.forEach((leaf, i) => {
      assert.ok(isMerkleLeaf(leaf, i, count, proofs[i]!, root), `${i} of ${count}`);
      assert.ok(!isMerkleLeaf(leaf, (i + 1) % (count + 1), count, proofs[i]!, root), `${i} of ${count}`);
      assert.ok(!isMerkleLeaf(leaf, i, count, [...proofs[i]!, root], root));
      assert.ok(!isMerkleLeaf(leaf, i, count, proofs[i]!.slice(1), root) || count === 1);
    });
  }
});
