/**
 * Finds who forked a chain. Two commits for different blocks of one height mean that a third of the power broke the
 * rules: by voting twice in one step, or by amnesia, that is voting for another block after precommitting to the
 * first without a newer polka that allows it.
 */
import { equalBytes, toHex } from '#base';
import { type Equivocation, equivocationOf, type JointVotes, offendersOf } from '#ledger';
import {
  type Commit,
  requireCommit,
  signedVote,
  signersOf,
  soleVote,
  type ValidatorSet,
  type VerifySignatures,
  type Vote,
  votesInCommit,
} from '../blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import { ensure } from '../errors.ts';

export interface Fork {
  readonly chainId: Uint8Array;
  readonly validators: ValidatorSet;
  /** For different blocks of the same height. */
  readonly commits: readonly [Commit, Commit];
  /**
   * Votes of that height from the journals of several nodes. An honest validator's journal is needed to clear it of
   * amnesia: ask all participants before trusting the list. Double votes prove themselves.
   */
  readonly votes: readonly Vote[];
}

export interface Blame {
  /** Evidence against all that voted twice in a step, ready to submit. */
  readonly doubleVotes: readonly Equivocation[];
  /** Keys of the double voters. */
  readonly doubleVoters: readonly Uint8Array[];
  /** Keys of validators that forgot a lock; searched for only where double votes do not explain the fork. */
  readonly amnesiacs: readonly Uint8Array[];
  /** Keys of both, in the order of the set. */
  readonly guilty: readonly Uint8Array[];
  /** Their total power: at least a third of the whole, if the journals are complete. */
  readonly power: number;
}

/**
 * Names the guilty validators. Votes with invalid signatures are ignored. Throws COMMIT_INVALID when the commits do
 * not conflict or one of them is invalid: an aggregate proves only that all have signed, or not.
 */
export function blame({ chainId, validators, commits, votes }: Fork, verify: VerifySignatures): Blame {
  const [earlier, later] = commits.toSorted((a, b) => a.round - b.round) as [Commit, Commit];
  const isFork = earlier.height === later.height && !equalBytes(earlier.block, later.block);
  ensure(isFork, 'COMMIT_INVALID', 'these commits do not contradict each other');
  for (const commit of commits) requireCommit(commit, chainId, validators, verify);
  const isGood = (vote: Vote): boolean => {
    const signed = vote.height === earlier.height ? signedVote(chainId, vote, validators) : undefined;
    return signed !== undefined && verify([signed]);
  };
  // A vote counts once and with a valid signature only, so that a forged one cannot take its place.
  const known = new Map<string, Vote>();
  for (const vote of votes) if (!known.has(nameOf(vote)) && isGood(vote)) known.set(nameOf(vote), vote);
  const testimony: Testimony[] = [
    ...commits.map((commit) => ({
      ...commit,
      kind: PRECOMMIT as Vote['kind'],
      places: signersOf(commit, validators),
      proof: () => votesInCommit(commit, validators),
    })),
    ...[...known.values()].map((vote) => ({
      ...vote,
      places: [vote.validator],
      proof: () => soleVote(vote, validators),
    })),
  ];

  const doubles = doubleVotesIn(testimony);
  const places = new Set(doubles.flatMap(offendersOf).map((key) => validators.placeOf(key)));
  const explained = validators.hasHonest(powerOfPlaces(places, validators));
  const forgetful = explained ? new Set<number>() : amnesiacsIn(testimony, earlier, later, validators);
  const guilty = validators.validators.filter((_, place) => places.has(place) || forgetful.has(place));
  return {
    doubleVotes: doubles,
    doubleVoters: validators.validators.filter((_, place) => places.has(place)).map(({ key }) => key),
    amnesiacs: validators.validators.filter((_, place) => forgetful.has(place)).map(({ key }) => key),
    guilty: guilty.map(({ key }) => key),
    power: guilty.reduce((sum, { power }) => sum + power, 0),
  };
}

/** The validators that voted for a block in a step, with one proof for all. */
interface Testimony {
  readonly height: number;
  readonly round: number;
  readonly kind: Vote['kind'];
  readonly block: Uint8Array;
  readonly places: readonly number[];
  readonly proof: () => JointVotes;
}

const nameOf = ({ validator, round, kind, block }: Vote): string =>
  `${validator} ${round} ${kind} ${toHex(block)}`;

/** One piece of evidence for each step in which a validator has several votes; it may convict others too. */
function doubleVotesIn(testimony: readonly Testimony[]): Equivocation[] {
  const first = new Map<string, Testimony>();
  const shown = new Set<string>();
  const evidence: Equivocation[] = [];
  for (const one of testimony) {
    for (const place of one.places) {
      const step = `${place} ${one.round} ${one.kind}`;
      const other = first.get(step) ?? one;
      first.set(step, other);
      if (equalBytes(one.block, other.block) || shown.has(step)) continue;
      evidence.push(equivocationOf(one, other.proof(), one.proof()));
      const both = one.places.filter((place) => other.places.includes(place));
      for (const place of both) shown.add(`${place} ${one.round} ${one.kind}`);
    }
  }
  return evidence;
}

const powerOfPlaces = (places: Iterable<number>, validators: ValidatorSet): number =>
  [...places].reduce((sum, place) => sum + validators.at(place)!.power, 0);

/** Places of the validators that voted for a block in a step. */
const votersFor = (
  testimony: readonly Testimony[],
  { round, block }: Pick<Vote, 'round' | 'block'>,
  kind: Vote['kind'],
): Set<number> =>
  new Set(
    testimony
      .filter((one) => one.kind === kind && one.round === round && equalBytes(one.block, block))
      .flatMap(({ places }) => places),
  );

/**
 * The first polka for another block after the earlier commit cannot have been allowed by a polka before it, so
 * validators in both have forgotten their lock. Without such a polka nothing allowed the later precommits either.
 */
function amnesiacsIn(
  testimony: readonly Testimony[],
  earlier: Commit,
  later: Commit,
  validators: ValidatorSet,
): Set<number> {
  const locked = votersFor(testimony, earlier, PRECOMMIT);
  for (let round = earlier.round + 1; round <= later.round; round++) {
    for (const block of blocksPrevoted(testimony, round)) {
      if (equalBytes(block, earlier.block) || equalBytes(block, NIL)) continue;
      const voters = votersFor(testimony, { round, block }, PREVOTE);
      if (validators.isQuorum(powerOfPlaces(voters, validators)))
        return new Set([...voters].filter((place) => locked.has(place)));
    }
  }
  return new Set([...votersFor(testimony, later, PRECOMMIT)].filter((place) => locked.has(place)));
}

function blocksPrevoted(testimony: readonly Testimony[], round: number): Uint8Array[] {
  const prevotes = testimony.filter((one) => one.kind === PREVOTE && one.round === round);
  return [...new Map(prevotes.map(({ block }) => [toHex(block), block])).values()];
}
