/** Counts the votes of one height and reports each threshold once. Pure; the driver bounds what is counted. */
import {
  type Certificate,
  certificateOf,
  isNil,
  type ValidatorSet,
  type Vote,
  votesOf,
} from '../blocks/index.ts';
import { type PRECOMMIT, PREVOTE } from '../constants.ts';
import {
  addCertificate,
  addVote,
  emptyTally,
  keyOf,
  NIL_KEY,
  powerBehind,
  powerOfAll,
  type Tally,
  votesFor,
} from './tally.ts';

/**
 * Polka: a quorum of prevotes; `Any`: for different blocks together. Skip: more than a third of the power is in a
 * later round.
 */
export type Threshold =
  | { readonly type: 'none' }
  | { readonly type: 'polkaAny'; readonly round: number }
  | { readonly type: 'polkaNil'; readonly round: number }
  | { readonly type: 'polkaBlock'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'precommitAny'; readonly round: number }
  | { readonly type: 'precommitBlock'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'skip'; readonly round: number };

export interface RoundVotes {
  readonly prevotes: Tally;
  readonly precommits: Tally;
  /** Thresholds already reported. */
  readonly told: readonly Threshold[];
  /** By place: whether it has sent a vote of either kind, certificates aside. */
  readonly heard: readonly boolean[];
  readonly heardPower: number;
}

export interface VoteKeeper {
  readonly validators: ValidatorSet;
  readonly rounds: ReadonlyMap<number, RoundVotes>;
  /** Pairs of conflicting votes, one per validator, round and kind. */
  readonly doubles: readonly (readonly [Vote, Vote])[];
}

export interface Counted {
  readonly keeper: VoteKeeper;
  readonly threshold: Threshold;
}

export const emptyKeeper = (validators: ValidatorSet): VoteKeeper => ({
  validators,
  rounds: new Map(),
  doubles: [],
});

const NONE: Threshold = { type: 'none' };

const emptyRound = (size: number): RoundVotes => ({
  prevotes: emptyTally(size),
  precommits: emptyTally(size),
  told: [],
  heard: new Array(size).fill(false),
  heardPower: 0,
});

const roundOf = (keeper: VoteKeeper, round: number): RoundVotes =>
  keeper.rounds.get(round) ?? emptyRound(keeper.validators.size);

/**
 * Counts a vote of a validator of the set. For a round above `currentRound`, reports each time that more than a
 * third of the power is there; for any other, reports once what its own block or all votes together reach.
 */
export function countVote(keeper: VoteKeeper, vote: Vote, currentRound: number): Counted {
  const { validators } = keeper;
  const before = roundOf(keeper, vote.round);
  const { power } = validators.at(vote.validator)!;
  const field = vote.kind === PREVOTE ? 'prevotes' : 'precommits';
  const { tally, against } = addVote(before[field], vote, power);
  const heard = hear(before, vote.validator, power);

  const threshold =
    vote.round > currentRound && validators.hasHonest(heard.heardPower)
      ? ({ type: 'skip', round: vote.round } as const)
      : untold(before, reached(tally, vote, validators));
  const told = threshold === NONE ? before.told : withTold(before.told, threshold);
  const after: RoundVotes = { ...before, ...heard, [field]: tally, told };
  const doubles = against ? [...keeper.doubles, [against, vote] as const] : keeper.doubles;
  return { keeper: { ...keeper, rounds: new Map(keeper.rounds).set(vote.round, after), doubles }, threshold };
}

function hear(round: RoundVotes, place: number, power: number): Pick<RoundVotes, 'heard' | 'heardPower'> {
  const { heard, heardPower } = round;
  if (heard[place]) return { heard, heardPower };
  return { heard: heard.with(place, true), heardPower: heardPower + power };
}

/** The strongest threshold for this vote's block. */
function reached(tally: Tally, { kind, round, block }: Vote, validators: ValidatorSet): Threshold {
  const key = keyOf(block);
  if (validators.isQuorum(powerBehind(tally, key))) {
    if (key !== NIL_KEY) return { type: kind === PREVOTE ? 'polkaBlock' : 'precommitBlock', round, block };
    return { type: kind === PREVOTE ? 'polkaNil' : 'precommitAny', round };
  }
  if (!validators.isQuorum(powerOfAll(tally))) return NONE;
  return { type: kind === PREVOTE ? 'polkaAny' : 'precommitAny', round };
}

const isSame = (a: Threshold, b: Threshold): boolean =>
  a.type === b.type && (!('block' in a) || !('block' in b) || keyOf(a.block) === keyOf(b.block));

const untold = ({ told }: RoundVotes, threshold: Threshold): Threshold =>
  told.some((one) => isSame(one, threshold)) ? NONE : threshold;

const withTold = (told: readonly Threshold[], threshold: Threshold): readonly Threshold[] =>
  told.some((one) => isSame(one, threshold)) ? told : [...told, threshold];

/** Counts a quorum of votes for one block at once. Its threshold is reported even if it was before. */
export function countCertificate(keeper: VoteKeeper, certificate: Certificate): Counted {
  const { validators } = keeper;
  const { kind, round, block } = certificate;
  const before = roundOf(keeper, round);
  const field = kind === PREVOTE ? 'prevotes' : 'precommits';
  const { tally, doubles } = addCertificate(before[field], votesOf(certificate), validators);
  const fresh = doubles.filter(
    ([, second]) => !keeper.doubles.some(([, other]) => isSameStep(other, second)),
  );
  const rounds = new Map(keeper.rounds).set(round, { ...before, [field]: tally });
  return {
    keeper: { ...keeper, rounds, doubles: fresh.length > 0 ? [...keeper.doubles, ...fresh] : keeper.doubles },
    threshold: { type: kind === PREVOTE ? 'polkaBlock' : 'precommitBlock', round, block },
  };
}

const isSameStep = (a: Vote, b: Vote): boolean =>
  a.validator === b.validator && a.round === b.round && a.kind === b.kind;

type Kind = typeof PREVOTE | typeof PRECOMMIT;

function tallyOf(keeper: VoteKeeper, round: number, kind: Kind): Tally | undefined {
  const votes = keeper.rounds.get(round);
  return kind === PREVOTE ? votes?.prevotes : votes?.precommits;
}

/** Power of the votes for a block. */
export function powerFor(keeper: VoteKeeper, round: number, kind: Kind, block: Uint8Array): number {
  const tally = tallyOf(keeper, round, kind);
  return tally ? powerBehind(tally, keyOf(block)) : 0;
}

/** Whether a quorum has voted for the block. */
export const hasQuorum = (keeper: VoteKeeper, round: number, kind: Kind, block: Uint8Array): boolean =>
  hasQuorumOfAny(keeper, round, kind) && keeper.validators.isQuorum(powerFor(keeper, round, kind, block));

/** Whether a quorum has voted, for any blocks. */
export function hasQuorumOfAny(keeper: VoteKeeper, round: number, kind: Kind): boolean {
  const tally = tallyOf(keeper, round, kind);
  return tally !== undefined && keeper.validators.isQuorum(powerOfAll(tally));
}

/** The block with a quorum of votes, if any. */
export function blockWithQuorum(keeper: VoteKeeper, round: number, kind: Kind): Uint8Array | undefined {
  const tally = tallyOf(keeper, round, kind);
  if (!tally || !hasQuorumOfAny(keeper, round, kind)) return undefined;
  const votes = [...tally.first, ...tally.others];
  return votes.find((vote) => vote && !isNil(vote.block) && hasQuorum(keeper, round, kind, vote.block))
    ?.block;
}

/** The first vote of a validator in a step. */
export const voteOf = (keeper: VoteKeeper, round: number, kind: Kind, place: number): Vote | undefined =>
  tallyOf(keeper, round, kind)?.first[place];

/** The quorum of votes for a block, if there is one. */
export function certificateFor(
  keeper: VoteKeeper,
  round: number,
  kind: Kind,
  block: Uint8Array,
): Certificate | undefined {
  if (!hasQuorum(keeper, round, kind, block)) return undefined;
  return certificateOf(votesFor(tallyOf(keeper, round, kind)!, block));
}

/** Drops the rounds for which `keep` is false. */
export function forgetRounds(keeper: VoteKeeper, keep: (round: number) => boolean): VoteKeeper {
  const rounds = new Map([...keeper.rounds].filter(([round]) => keep(round)));
  return rounds.size === keeper.rounds.size ? keeper : { ...keeper, rounds };
}
