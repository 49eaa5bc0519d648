import { toHex } from '#base';
import { type Codec, encode, equivocationCodec } from '#ledger';
import { encodeBlock, makeBlock } from '../../../src/consensus/blocks/block.ts';
import { certificateCodec, certificateOf } from '../../../src/consensus/blocks/certificate.ts';
import { commitCodec, commitFrom, commitHash } from '../../../src/consensus/blocks/commit.ts';
import { duplicateVote, secondVote } from '../../../src/consensus/blocks/equivocation.ts';
import { blockId, headerCodec } from '../../../src/consensus/blocks/header.ts';
import { partCodec, partsOf } from '../../../src/consensus/blocks/parts.ts';
import { proposalBytes, proposalCodec, signProposal } from '../../../src/consensus/blocks/proposal.ts';
import { validatorSetCodec } from '../../../src/consensus/blocks/validators.ts';
import { ballotBytes, voteCodec } from '../../../src/consensus/blocks/vote.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const hexOf = <T>(codec: Codec<T>, value: T): string => toHex(encode(codec, value));

/** One of everything that consensus writes, with the hashes: Ed25519 signatures are deterministic. */
export function consensusVectors(): object {
  const four = committee([5, 4, 3, 2]);
  const { validators, keys } = four;
  const before = named('the block before');
  const precommits = certificateOf(
    [0, 1, 2, 3].map((place) => voteBy(four, place, PRECOMMIT, before, { round: 2 })),
  );
  const lastCommit = commitFrom(precommits, CHAIN_ID, validators);
  const block = makeBlock({
    chainId: CHAIN_ID,
    height: 2,
    time: 1_700_000_000_123,
    previous: before,
    validators: validators.hash,
    nextValidators: validators.next().hash,
    appHash: named('state'),
    proposer: validators.proposer(0).key,
    lastCommit,
    transactions: [Uint8Array.of(1, 2, 3), new Uint8Array(65_000).fill(5), new Uint8Array(1000).fill(6)],
  });
  const id = blockId(block.header);
  const { root, total, parts } = partsOf(encodeBlock(block));
  const unsigned = {
    height: 2,
    round: 3,
    validRound: 1,
    block: id,
    partsRoot: root,
    parts: total,
    time: block.header.time,
  };
  const proposer = keys[validators.placeOf(validators.proposer(3).key)]!;
  const vote = voteBy(four, 1, PREVOTE, id, { height: 2, round: 3 });
  const other = voteBy(four, 1, PREVOTE, NIL, { height: 2, round: 3 });
  const late = voteBy(four, 1, PRECOMMIT, id, { round: 2 });
  return {
    seeds: keys.map((key) => toHex(key.seed)),
    chainId: toHex(CHAIN_ID),
    validatorSet: { bytes: hexOf(validatorSetCodec, validators), hash: toHex(validators.hash) },
    nextValidatorSet: {
      bytes: hexOf(validatorSetCodec, validators.next()),
      hash: toHex(validators.next().hash),
    },
    header: { bytes: hexOf(headerCodec, block.header), id: toHex(id) },
    commit: { bytes: hexOf(commitCodec, lastCommit), hash: toHex(commitHash(lastCommit)) },
    certificate: hexOf(certificateCodec, precommits),
    parts: { root: toHex(root), total, last: hexOf(partCodec, parts.at(-1)!) },
    proposal: {
      signBytes: toHex(proposalBytes(CHAIN_ID, unsigned)),
      bytes: hexOf(proposalCodec, signProposal(CHAIN_ID, unsigned, proposer)),
    },
    vote: { signBytes: toHex(ballotBytes(CHAIN_ID, vote)), bytes: hexOf(voteCodec, vote) },
    duplicateVote: hexOf(equivocationCodec, duplicateVote(vote, other, validators)),
    secondVote: hexOf(equivocationCodec, secondVote(late, lastCommit, validators)!),
  };
}
