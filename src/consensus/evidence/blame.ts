/**
 * Who has forked a chain. Two commits for different blocks of one height take a third of the power that broke the rules:
 * by voting twice in one step, or by forgetting a lock (amnesia): voting for another block after precommitting to the
 * first, with no newer polka that allows it.
 */
import { equalBytes } from '#base';
import {
  areDuplicates,
  type Commit,
  type DuplicateVote,
  duplicateVote,
  signedVote,
  type ValidatorSet,
  type VerifySignatures,
  type Vote,
  votesOf,
} from '../blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import { require } from '../errors.ts';

export interface Fork {
  readonly chainId: Uint8Array;
  readonly validators: ValidatorSet;
  /** For different blocks of the same height. */
  readonly commits: readonly [Commit, Commit];
  /**
   * Votes of that height out of the logs of several nodes. The log of each honest validator has to be among them to
   * clear it of amnesia: ask all who took part before believing the list. Double votes prove themselves.
   */
  readonly votes: readonly Vote[];
}

export interface Blame {
  readonly doubleVotes: readonly DuplicateVote[];
  /** Keys of those who forgot a lock; looked for only where double votes do not explain the fork. */
  readonly amnesiacs: readonly Uint8Array[];
  /** Keys of all of them, in the order of the set. */
  readonly guilty: readonly Uint8Array[];
  /** Their power together: at least a third of the whole, if the logs are complete. */
  readonly power: number;
}

/** Names the guilty. Votes with bad signatures are left out. Throws COMMIT_INVALID when the commits are no fork. */
export function blame({ chainId, validators, commits, votes }: Fork, verify: VerifySignatures): Blame {
  const [earlier, later] = commits.toSorted((a, b) => a.round - b.round) as [Commit, Commit];
  const isFork = earlier.height === later.height && !equalBytes(earlier.block, later.block);
  require(isFork, 'COMMIT_INVALID', 'these commits do not contradict each other');
  const isGood = (vote: Vote): boolean => {
    const signed = vote.height === earlier.height ? signedVote(chainId, vote, validators) : undefined;
    return signed !== undefined && verify([signed]);
  };
  // A vote counts once, with a good signature: forged or foreign ones must not take its place.
  const known = new Map<string, Vote>();
  for (const vote of [...commits.flatMap(precommitsOf), ...votes]) {
    if (!known.has(nameOf(vote)) && isGood(vote)) known.set(nameOf(vote), vote);
  }
  const testimony = [...known.values()];

  const doubles = doubleVotesIn(testimony);
  const places = new Set(doubles.map(([vote]) => vote.validator));
  const explained = validators.hasHonest(powerOfPlaces(places, validators));
  const forgetful = explained ? new Set<number>() : amnesiacsIn(testimony, earlier, later, validators);
  const guilty = validators.validators.filter((_, place) => places.has(place) || forgetful.has(place));
  return {
    doubleVotes: doubles.map(([a, b]) => duplicateVote(a, b, validators)),
    amnesiacs: validators.validators.filter((_, place) => forgetful.has(place)).map(({ key }) => key),
    guilty: guilty.map(({ key }) => key),
    power: guilty.reduce((sum, { power }) => sum + power, 0),
  };
}

const precommitsOf = (commit: Commit): Vote[] => votesOf({ ...commit, kind: PRECOMMIT });

const stepOf = ({ validator, round, kind }: Vote): string => `${validator} ${round} ${kind}`;
const nameOf = (vote: Vote): string => `${stepOf(vote)} ${Buffer.from(vote.block).toString('hex')}`;

/** One pair for each step of a validator that has several votes. */
function doubleVotesIn(votes: readonly Vote[]): (readonly [Vote, Vote])[] {
  const pairs = new Map<string, readonly Vote[]>();
  for (const vote of votes) {
    const known = pairs.get(stepOf(vote)) ?? [];
    if (known.length < 2) pairs.set(stepOf(vote), [...known, vote]);
  }
  return [...pairs.values()].flatMap(([a, b]) => (a && b && areDuplicates(a, b) ? [[a, b] as const] : []));
}

const powerOfPlaces = (places: Iterable<number>, validators: ValidatorSet): number =>
  [...places].reduce((sum, place) => sum + validators.at(place)!.power, 0);

/**
 * The first polka for another block after the earlier commit cannot have been allowed by one before it: whoever is in
 * both has forgotten its lock. Where there is none, nothing allowed the later precommits either.
 */
function amnesiacsIn(
  votes: readonly Vote[],
  earlier: Commit,
  later: Commit,
  validators: ValidatorSet,
): Set<number> {
  const locked = new Set(earlier.signatures.map(({ validator }) => validator));
  for (let round = earlier.round + 1; round <= later.round; round++) {
    const prevotes = votes.filter((vote) => vote.kind === PREVOTE && vote.round === round);
    for (const block of blocksOf(prevotes)) {
      if (equalBytes(block, earlier.block) || equalBytes(block, NIL)) continue;
      const voters = prevotes
        .filter((vote) => equalBytes(vote.block, block))
        .map(({ validator }) => validator);
      if (!validators.isQuorum(powerOfPlaces(voters, validators))) continue;
      return new Set(voters.filter((place) => locked.has(place)));
    }
  }
  return new Set(later.signatures.map(({ validator }) => validator).filter((place) => locked.has(place)));
}

function blocksOf(votes: readonly Vote[]): Uint8Array[] {
  return [...new Map(votes.map(({ block }) => [Buffer.from(block).toString('hex'), block])).values()];
}
