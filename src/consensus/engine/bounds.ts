/** Bounds on memory: a hostile validator can sign without limit. */
import { PRECOMMIT, PREVOTE } from '../constants.ts';
import type { Candidate, DriverState } from './driver-state.ts';
import type { EngineState } from './engine-state.ts';
import { forgetRounds, powerFor } from './vote-keeper.ts';

/** Votes and proposals are counted up to this many rounds ahead. */
export const FUTURE_ROUNDS = 32;
/** Rounds kept behind the current one; older ones can still be decided by a certificate. */
export const PAST_ROUNDS = 32;
/** Proposals considered per round when a proposer makes several. */
const PROPOSALS_A_ROUND = 2;

export type Reach = 'near' | 'distant' | 'past';

/** Position of a round relative to the current one. */
export function reachOf({ round, keeper }: DriverState, of: number): Reach {
  if (of > Math.max(round.round, 0) + FUTURE_ROUNDS) return 'distant';
  return of < round.round - PAST_ROUNDS && !keeper.rounds.has(of) ? 'past' : 'near';
}

/** Whether a valid block is kept: among the first of its round, or supported by an honest validator. */
export function isWelcome(state: DriverState, { round, block }: Candidate): boolean {
  if (isSupported(state, round, block)) return true;
  const known = state.candidates.filter((one) => one.round === round);
  return reachOf(state, round) === 'near' && known.length < PROPOSALS_A_ROUND;
}

/** Whether at least one honest validator has voted for the block in this round. */
export function isSupported({ keeper, setting }: DriverState, round: number, block: Uint8Array): boolean {
  return [PREVOTE, PRECOMMIT].some((kind) =>
    setting.validators.hasHonest(powerFor(keeper, round, kind as 1 | 2, block)),
  );
}

/** Drops old rounds, except those of the lock and of the valid block. */
export function forgetPast(state: DriverState): DriverState {
  const { round, lockedRound, validRound } = state.round;
  const keep = (one: number) => one >= round - PAST_ROUNDS || one === lockedRound || one === validRound;
  return {
    ...state,
    keeper: forgetRounds(state.keeper, keep),
    candidates: state.candidates.filter((one) => keep(one.round)),
  };
}

/**
 * Records a vote of a round too far ahead. It is not counted, but a third of the power there makes us skip ahead.
 */
export function noteDistant(state: EngineState, place: number, round: number): EngineState {
  if ((state.distant[place] ?? -1) >= round) return state;
  const { size } = state.driver.setting.validators;
  const distant = Array.from({ length: size }, (_, i) => (i === place ? round : (state.distant[i] ?? -1)));
  return { ...state, distant };
}

/**
 * The highest round, too far ahead to be counted, that validators of more than a third of the power have reached or
 * passed.
 */
export function distantRound({ distant, driver }: EngineState): number | undefined {
  const { validators } = driver.setting;
  const ahead = distant
    .map((round, place) => ({ round, power: validators.at(place)!.power }))
    .filter(({ round }) => reachOf(driver, round) === 'distant')
    .sort((a, b) => b.round - a.round);
  let power = 0;
  for (const one of ahead) {
    power += one.power;
    if (validators.hasHonest(power)) return one.round;
  }
  return undefined;
}
