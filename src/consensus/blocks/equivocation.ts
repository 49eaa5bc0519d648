import { equalBytes } from '#base';
import { type Equivocation, equivocationOf, type JointVotes, singleVote } from '#ledger';
import { PRECOMMIT } from '../constants.ts';
import { ensure } from '../errors.ts';
import { type Commit, signersOf } from './commit.ts';
import type { ValidatorSet } from './validators.ts';
import type { Vote } from './vote.ts';

/** Whether two votes are an offence: the same step, different blocks. */
export const areDuplicates = (a: Vote, b: Vote): boolean =>
  a.validator === b.validator &&
  a.height === b.height &&
  a.round === b.round &&
  a.kind === b.kind &&
  !equalBytes(a.block, b.block);

/** A vote as evidence wants it. The set has its validator. */
export const soleVote = ({ block, validator, signature }: Vote, validators: ValidatorSet): JointVotes =>
  singleVote(block, validators.at(validator)!.key, signature);

/** The votes of a commit as evidence wants them. */
export const votesInCommit = (
  { block, nonces, scalar, ...rest }: Commit,
  validators: ValidatorSet,
): JointVotes => ({
  block,
  keys: signersOf(rest, validators).map((place) => validators.at(place)!.key),
  aggregate: { nonces, scalar },
});

/** The evidence that two such votes are. Throws EVIDENCE_INVALID when they are none. */
export function duplicateVote(a: Vote, b: Vote, validators: ValidatorSet): Equivocation {
  ensure(
    validators.at(a.validator) !== undefined && areDuplicates(a, b),
    'EVIDENCE_INVALID',
    'these votes are no offence',
  );
  return equivocationOf(a, soleVote(a, validators), soleVote(b, validators));
}

/** The evidence that a vote is against what decided its height; undefined when it goes with that, or its author has no part in it. */
export function secondVote(vote: Vote, commit: Commit, validators: ValidatorSet): Equivocation | undefined {
  const { height, round, kind, validator, block } = vote;
  if (kind !== PRECOMMIT || height !== commit.height || round !== commit.round) return undefined;
  if (equalBytes(block, commit.block) || !signersOf(commit, validators).includes(validator)) return undefined;
  return equivocationOf(vote, votesInCommit(commit, validators), soleVote(vote, validators));
}
