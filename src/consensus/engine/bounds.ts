/** What is let into the memory: a hostile validator signs as much as it likes. */
import { PRECOMMIT, PREVOTE } from '../constants.ts';
import type { Candidate, DriverState } from './driver-state.ts';
import type { EngineState } from './engine-state.ts';
import { forgetRounds, powerFor } from './vote-keeper.ts';

/** Votes and proposals of so many rounds ahead are counted. */
export const FUTURE_ROUNDS = 32;
/** So many rounds back they are kept; later ones can still be decided by a certificate. */
export const PAST_ROUNDS = 32;
/** A proposer that makes several proposals for a round has so many heard out. */
const PROPOSALS_A_ROUND = 2;

export type Reach = 'near' | 'distant' | 'past';

/** Where a round lies, seen from the current one. */
export function reachOf({ round, keeper }: DriverState, of: number): Reach {
  if (of > Math.max(round.round, 0) + FUTURE_ROUNDS) return 'distant';
  return of < round.round - PAST_ROUNDS && !keeper.rounds.has(of) ? 'past' : 'near';
}

/** Whether a valid block is worth remembering: among the first of its round, or an honest validator is for it. */
export function isWelcome(state: DriverState, { round, block }: Candidate): boolean {
  if (isSupported(state, round, block)) return true;
  const known = state.candidates.filter((one) => one.round === round);
  return reachOf(state, round) === 'near' && known.length < PROPOSALS_A_ROUND;
}

/** Whether some honest validator has voted for the block in this round. */
export function isSupported({ keeper, setting }: DriverState, round: number, block: Uint8Array): boolean {
  return [PREVOTE, PRECOMMIT].some((kind) =>
    setting.validators.hasHonest(powerFor(keeper, round, kind as 1 | 2, block)),
  );
}

/** Without rounds long past, but for those of the lock and of the valid block. */
export function forgetPast(state: DriverState): DriverState {
  const { round, lockedRound, validRound } = state.round;
  const keep = (one: number) => one >= round - PAST_ROUNDS || one === lockedRound || one === validRound;
  return {
    ...state,
    keeper: forgetRounds(state.keeper, keep),
    candidates: state.candidates.filter((one) => keep(one.round)),
  };
}

/** With a vote of a round too far ahead. Votes there are not counted, but a third of the power draws us on. */
export function noteDistant(state: EngineState, place: number, round: number): EngineState {
  if ((state.distant[place] ?? -1) >= round) return state;
  const { size } = state.driver.setting.validators;
  const distant = Array.from({ length: size }, (_, i) => (i === place ? round : (state.distant[i] ?? -1)));
  return { ...state, distant };
}

/** The highest round that validators of more than a third of the power have reached, or passed, too far ahead. */
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
