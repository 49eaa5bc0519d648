import { equalBytes, toHex } from '#base';
import {
  type Commit,
  groupBytes,
  signersOf,
  type ValidatorSet,
  type Vote,
  voteGroupOf,
} from '../blocks/index.ts';
import { PRECOMMIT, PREVOTE } from '../constants.ts';
import type { HeightRecord } from '../height-record.ts';
import type { StepVotes } from '../vote-archive.ts';

/**
 * Most bytes archived of a height: about two rounds in which everybody voted. The decided round takes half of it, so nothing that
 * validators sign in other rounds displaces its votes.
 */
export const archiveBytesOf = ({ size }: ValidatorSet): number => 2_048 + 128 * size;

/**
 * The votes of a height to archive: the first one of each validator in each step, but not those that the commit of the height
 * proves anyway. The decided round comes first, then the rounds before it, the latest first, then those after it, as far as
 * `archiveBytesOf` allows.
 *
 * @param commit of that height, as stored
 */
export function firstVotes(
  record: HeightRecord,
  commit: Commit | undefined,
  chainId: Uint8Array,
): StepVotes[] {
  const { validators } = record;
  const isProven = provenBy(commit, validators);
  let bytesLeft = archiveBytesOf(validators);
  const fits = ({ length }: readonly Vote[]): boolean => {
    const bytes = groupBytes(length, validators);
    if (bytes > bytesLeft) return false;
    bytesLeft -= bytes;
    return true;
  };
  const kept: StepVotes[] = [];
  for (const round of byImportance(
    [...record.rounds()].map(([one]) => one),
    commit?.round ?? 0,
  )) {
    for (const kind of [PREVOTE, PRECOMMIT] as const) {
      const votes = [...record.votes(round, kind)!.values()].filter((vote) => !isProven(vote));
      // The largest groups first: a block that only one validator voted for displaces nothing.
      const groups = [...Map.groupBy(votes, ({ block }) => toHex(block)).values()]
        .sort((a, b) => b.length - a.length)
        .filter(fits)
        .map((group) => voteGroupOf(group, chainId, validators));
      if (groups.length > 0) kept.push({ round, kind, groups });
    }
  }
  return kept;
}

function provenBy(commit: Commit | undefined, validators: ValidatorSet): (vote: Vote) => boolean {
  if (!commit) return () => false;
  const signers = new Set(signersOf(commit, validators));
  return ({ kind, round, block, validator }) =>
    kind === PRECOMMIT && round === commit.round && equalBytes(block, commit.block) && signers.has(validator);
}

/** The decided round, then the earlier ones from the latest, then the later ones from the earliest. */
function byImportance(rounds: readonly number[], decided: number): number[] {
  const rank = (round: number) => (round <= decided ? decided - round : round);
  return rounds.toSorted((a, b) => Number(a > decided) - Number(b > decided) || rank(a) - rank(b));
}
