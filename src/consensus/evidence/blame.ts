/**
 * Who has forked a chain. Two commits for different blocks of one height take a third of the power that broke the rules:
 * by voting twice in one step, or by forgetting a lock (amnesia): voting for another block after precommitting to the
 * first, with no newer polka that allows it.
 */
import { equalBytes } from '#base';
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
   * Votes of that height out of the logs of several nodes. The log of each honest validator has to be among them to
   * clear it of amnesia: ask all who took part before believing the list. Double votes prove themselves.
   */
  readonly votes: readonly Vote[];
}

export interface Blame {
  /** What convicts all who voted twice in a step, and can be handed in as it is. */
  readonly doubleVotes: readonly Equivocation[];
  /** Keys of those. */
  readonly doubleVoters: readonly Uint8Array[];
  /** Keys of those who forgot a lock; looked for only where double votes do not explain the fork. */
  readonly amnesiacs: readonly Uint8Array[];
  /** Keys of all of them, in the order of the set. */
  readonly guilty: readonly Uint8Array[];
  /** Their power together: at least a third of the whole, if the logs are complete. */
  readonly power: number;
}

/**
 * Names the guilty. Votes with bad signatures are left out. Throws COMMIT_INVALID when the commits are no fork, or one of them is
 * not good: of an aggregate nothing is known but that all have signed, or not all.
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
  // A vote counts once, with a good signature: forged or foreign ones must not take its place.
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

/** Who has voted for a block in a step, known by one proof for all of them. */
interface Testimony {
  readonly height: number;
  readonly round: number;
  readonly kind: Vote['kind'];
  readonly block: Uint8Array;
  readonly places: readonly number[];
  readonly proof: () => JointVotes;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const nameOf = ({ validator, round, kind, block }: Vote): string =>
  `${validator} ${round} ${kind} ${hexOf(block)}`;

/** For each step of a validator that has several votes one piece of evidence that shows it, which may show more of them. */
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

/** Places of those who have voted for a block in a step. */
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
 * The first polka for another block after the earlier commit cannot have been allowed by one before it: whoever is in
 * both has forgotten its lock. Where there is none, nothing allowed the later precommits either.
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
  return [...new Map(prevotes.map(({ block }) => [hexOf(block), block])).values()];
}
