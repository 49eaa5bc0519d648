/**
 * Detects which conditions of the paper an input makes true, and passes them to the algorithm one at a time, so
 * that each has one output. Conditions that a new step makes true, and those that arise together, are separate
 * inputs. The granularity is that of Malachite's Quint specification, against whose traces the driver is tested.
 */
import { equalBytes } from '#base';
import type { Certificate, Vote } from '../blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import { type Condition, type Output, type RoundState, transition } from './algorithm.ts';
import type { Candidate, DriverState } from './driver-state.ts';
import type { WaitingStep } from './messages.ts';
import { keyOf } from './tally.ts';
import {
  type Counted,
  countCertificate,
  countVote,
  hasQuorum,
  hasQuorumOfAny,
  type Threshold,
} from './vote-keeper.ts';

export type DriverInput =
  | { readonly type: 'newRound'; readonly round: number }
  | { readonly type: 'value'; readonly block: Uint8Array }
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  /** A proposal that may not be voted for. */
  | { readonly type: 'invalid'; readonly round: number }
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  | { readonly type: 'timeout'; readonly round: number; readonly step: WaitingStep }
  /** A condition of the paper, by name. */
  | { readonly type: 'condition'; readonly condition: Condition }
  /** Check what the entered step makes possible. */
  | { readonly type: 'entered' }
  /** Act on a pending condition: the one of this type, or the first. */
  | { readonly type: 'pending'; readonly condition?: Condition['type'] };

export interface DriverResult {
  readonly state: DriverState;
  readonly output: Output;
}

/** Processes one input; returns one output. */
export function advance(state: DriverState, input: DriverInput): DriverResult {
  const result = leaveRound(dispatch(state, input));
  const entered = result.state.round.step === state.round.step ? undefined : result.state.round.step;
  return { ...result, state: { ...result.state, entered } };
}

function dispatch(state: DriverState, input: DriverInput): DriverResult {
  switch (input.type) {
    case 'newRound':
      return startRound(state, input.round);
    case 'value':
      return apply(state, { type: 'value', block: input.block });
    case 'candidate':
      return onCandidate(withCandidate(state, input.candidate), input.candidate);
    case 'invalid':
      return isAwaited(state, input.round) ? apply(state, { type: 'proposalInvalid' }) : idle(state);
    case 'vote':
      return onCounted(state, countVote(state.keeper, input.vote, state.round.round));
    case 'certificate':
      return onCounted(state, countCertificate(state.keeper, input.certificate));
    case 'timeout':
      return apply(state, { type: 'timeout', round: input.round, step: input.step });
    case 'condition':
      return apply(state, input.condition);
    case 'entered':
      return onEntered(state);
    case 'pending':
      return onPending(state, input.condition);
  }
}

const idle = (state: DriverState): DriverResult => ({ state, output: { type: 'none' } });

function withCandidate(state: DriverState, candidate: Candidate): DriverState {
  const { round, block, validRound } = candidate;
  const known = state.candidates.some(
    (one) => one.round === round && one.validRound === validRound && equalBytes(one.block, block),
  );
  return known ? state : { ...state, candidates: [...state.candidates, candidate] };
}

const isAwaited = ({ round }: DriverState, of: number): boolean =>
  round.step === 'propose' && round.round === of;

/** Leaving a round enters the next one at once. */
function leaveRound({ state, output }: DriverResult): DriverResult {
  return output.type === 'skip' ? startRound(state, output.round) : { state, output };
}

function startRound(state: DriverState, round: number): DriverResult {
  return apply(state, { type: 'newRound', round, proposer: state.setting.isOurTurn(round) });
}

/** Passes a condition to the algorithm unless it was acted upon in this round and step. */
function apply(state: DriverState, condition: Condition): DriverResult {
  const name = nameOf(condition, state.round);
  if (state.done.includes(name)) return idle(state);
  const { state: round, output } = transition(state.round, condition);
  const done = round.round === state.round.round ? [...state.done, name] : [name];
  return { state: { ...state, round, done }, output };
}

function nameOf(condition: Condition, { step }: RoundState): string {
  const block = 'block' in condition ? keyOf(condition.block) : '';
  const round = 'round' in condition ? condition.round : '';
  const earlier = 'validRound' in condition ? condition.validRound : '';
  const detail = condition.type === 'timeout' ? condition.step : '';
  return `${step} ${condition.type} ${round} ${earlier} ${block} ${detail}`;
}

function onCounted(before: DriverState, { keeper, threshold }: Counted): DriverResult {
  const state: DriverState = { ...before, keeper, threshold };
  const { round } = state.round;
  switch (threshold.type) {
    case 'none':
      return idle(state);
    case 'skip':
      return threshold.round > round ? apply(state, threshold) : idle(state);
    case 'polkaAny':
    case 'polkaNil':
    case 'precommitAny':
      return threshold.round === round ? apply(state, { type: threshold.type }) : idle(state);
    case 'polkaBlock':
      return onPolka(state, threshold);
    case 'precommitBlock':
      return onCommit(state, threshold);
  }
}

type BlockThreshold = Extract<Threshold, { block: Uint8Array }>;

/** The valid block of a round with this id, if present. */
export const candidateFor = (state: DriverState, round: number, block: Uint8Array): Candidate | undefined =>
  state.candidates.find((one) => one.round === round && equalBytes(one.block, block));

/** Lines 28, 34 and 36, when the last prevote arrives. */
function onPolka(state: DriverState, { round, block }: BlockThreshold): DriverResult {
  const current = state.round.round;
  if (round < current) {
    const again = state.candidates.some(
      (one) => one.round === current && one.validRound === round && equalBytes(one.block, block),
    );
    return again ? apply(state, { type: 'proposalAndEarlierPolka', block, validRound: round }) : idle(state);
  }
  if (round > current) return idle(state);
  const here = candidateFor(state, round, block) !== undefined;
  return apply(here ? withPending(state, { type: 'proposalAndPolka', block }) : state, { type: 'polkaAny' });
}

/** Lines 47, 49 and 55, when the last precommit arrives. */
function onCommit(state: DriverState, { round, block }: BlockThreshold): DriverResult {
  const current = state.round.round;
  if (candidateFor(state, round, block)) return apply(state, { type: 'proposalAndCommit', round, block });
  if (round === current) return apply(state, { type: 'precommitAny' });
  return round > current ? apply(state, { type: 'skip', round }) : idle(state);
}

function withPending(state: DriverState, condition: Condition): DriverState {
  const { round } = state.round;
  const name = nameOf(condition, state.round);
  const waits = state.pending.some(
    (one) => one.round === round && nameOf(one.condition, state.round) === name,
  );
  return waits ? state : { ...state, pending: [...state.pending, { condition, round }] };
}

/** Lines 22, 28, 36 and 49, when the proposal arrives last. */
function onCandidate(state: DriverState, { round, block, validRound, votable }: Candidate): DriverResult {
  const { keeper } = state;
  if (hasQuorum(keeper, round, PRECOMMIT, block)) {
    return apply(state, { type: 'proposalAndCommit', round, block });
  }
  if (round !== state.round.round) return idle(state);
  switch (state.round.step) {
    case 'propose':
      if (!votable) return idle(state);
      if (validRound === -1) return apply(state, { type: 'proposal', block });
      return hasQuorum(keeper, validRound, PREVOTE, block)
        ? apply(state, { type: 'proposalAndEarlierPolka', block, validRound })
        : idle(state);
    case 'prevote':
    case 'precommit':
      return hasQuorum(keeper, round, PREVOTE, block)
        ? apply(state, { type: 'proposalAndPolka', block })
        : idle(state);
    default:
      return idle(state);
  }
}

/** Conditions that were met too early for the previous step. */
function onEntered(state: DriverState): DriverResult {
  const candidate = foremost(state);
  if (!candidate) return state.entered === 'prevote' ? onPrevotes(state) : idle(state);
  const waiting = hasQuorumOfAny(state.keeper, state.round.round, PRECOMMIT);
  return onCandidate(waiting ? withPending(state, { type: 'precommitAny' }) : state, candidate);
}

/** Of several candidates of an equivocating proposer, the one with the votes, else the first. */
function foremost({ candidates, keeper, round: { round } }: DriverState): Candidate | undefined {
  const current = candidates.filter((one) => one.round === round);
  const behind = (kind: typeof PREVOTE | typeof PRECOMMIT) =>
    current.find((one) => hasQuorum(keeper, round, kind, one.block));
  return behind(PRECOMMIT) ?? behind(PREVOTE) ?? current[0];
}

/** Lines 34 and 44, when the prevotes came before our own. */
function onPrevotes(state: DriverState): DriverResult {
  const { round } = state.round;
  if (hasQuorum(state.keeper, round, PREVOTE, NIL)) return apply(state, { type: 'polkaNil' });
  return hasQuorumOfAny(state.keeper, round, PREVOTE) ? apply(state, { type: 'polkaAny' }) : idle(state);
}

function onPending(state: DriverState, type?: Condition['type']): DriverResult {
  const at = type ? state.pending.findIndex(({ condition }) => condition.type === type) : 0;
  const next = state.pending[at];
  if (!next) return idle(state);
  const rest = { ...state, pending: state.pending.toSpliced(at, 1) };
  return next.round === state.round.round ? apply(rest, next.condition) : idle(rest);
}
