export {
  type Block,
  blockBodyCodec,
  blockHeadCodec,
  decodeBlock,
  encodeBlock,
  makeBlock,
  requireNext,
  type Tip,
} from './block.ts';
export {
  type Certificate,
  certificateCodec,
  certificateOf,
  requireCertificate,
  votesOf,
} from './certificate.ts';
export {
  type Commit,
  commitCodec,
  commitFrom,
  MAX_COMMIT_BYTES,
  presentIn,
  requireCommit,
  signersOf,
} from './commit.ts';
export { duplicateVote, secondVote, secondVoteIn, soleVote, votesInCommit } from './equivocation.ts';
export { blockId, type Header, headerCodec } from './header.ts';
export { type Part, PartSet, type PartsHeader, partCodec, partsOf } from './parts.ts';
export { type Proposal, proposalBytes, proposalCodec, signedProposal, signProposal } from './proposal.ts';
export { type VerifySignatures, verifyAll } from './signatures.ts';
export {
  hashOfMembers,
  type Member,
  membersCodec,
  referenceTo,
  type SetReference,
  setReferenceCodec,
  ValidatorSet,
  validatorSetCodec,
} from './validators.ts';
export { type Ballot, ballotBytes, isNil, signBallot, signedVote, type Vote, voteCodec } from './vote.ts';
export { groupBytes, type VoteGroup, voteGroupOf, voteGroupsCodec } from './vote-group.ts';
