import { equalBytes } from '#base';
import { type Equivocation, equivocationOf, hasBit, type JointVotes, singleVote } from '#ledger';
import { PRECOMMIT } from '../constants.ts';
import { ensure } from '../errors.ts';
import { type Commit, signersOf } from './commit.ts';
import type { ValidatorSet } from './validators.ts';
import type { Vote } from './vote.ts';
import { groupWith, type VoteGroup } from './vote-group.ts';

/** Whether two votes are an offence: the same step, different blocks. */
const areDuplicates = (a: Vote, b: Vote): boolean =>
  a.validator === b.validator &&
  a.height === b.height &&
  a.round === b.round &&
  a.kind === b.kind &&
  !equalBytes(a.block, b.block);

/** A vote in the form that evidence takes. The set must contain its validator. */
export const soleVote = ({ block, validator, signature }: Vote, validators: ValidatorSet): JointVotes =>
  singleVote(block, validators.at(validator)!.key, signature);

/** The votes of a commit in the form that evidence takes. */
export const votesInCommit = (
  { block, nonces, scalar, ...rest }: Commit,
  validators: ValidatorSet,
): JointVotes => ({
  block,
  keys: signersOf(rest, validators).map((place) => validators.at(place)!.key),
  aggregate: { nonces, scalar },
});

/** Evidence made of two conflicting votes. Throws EVIDENCE_INVALID when they do not conflict. */
export function duplicateVote(a: Vote, b: Vote, validators: ValidatorSet): Equivocation {
  ensure(
    validators.at(a.validator) !== undefined && areDuplicates(a, b),
    'EVIDENCE_INVALID',
    'these votes do not conflict',
  );
  return equivocationOf(a, soleVote(a, validators), soleVote(b, validators));
}

/**
 * Evidence that a vote conflicts with the commit of its height; undefined when it agrees or its validator did not
 * sign the commit.
 */
export function secondVote(vote: Vote, commit: Commit, validators: ValidatorSet): Equivocation | undefined {
  const { height, round, kind, validator, block } = vote;
  if (kind !== PRECOMMIT || height !== commit.height || round !== commit.round) return undefined;
  if (equalBytes(block, commit.block) || !signersOf(commit, validators).includes(validator)) return undefined;
  return equivocationOf(vote, votesInCommit(commit, validators), soleVote(vote, validators));
}

/**
 * Evidence that a vote conflicts with the one that its validator gave in the same step; undefined when these groups of that
 * step hold the same vote, or none of the validator.
 */
export function secondVoteIn(
  groups: readonly VoteGroup[],
  vote: Vote,
  validators: ValidatorSet,
): Equivocation | undefined {
  const group = groupWith(groups, vote.validator);
  if (!group || equalBytes(group.block, vote.block)) return undefined;
  const { block, voters, nonces, scalar } = group;
  const keys = validators.validators.filter((_, place) => hasBit(voters, place)).map(({ key }) => key);
  const first = { block, keys, aggregate: { nonces, scalar } };
  return equivocationOf(vote, first, soleVote(vote, validators));
}
