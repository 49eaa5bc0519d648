/**
 * The rules of Tendermint (Buchman, Kwon, Milosevic: arXiv 1807.04938, Algorithm 1; "line" below refers to its
 * numbering) for one height of one validator. Maps a state and a condition that holds to the next state and an
 * output. The driver counts votes and detects conditions.
 */
import { equalBytes } from '#base';
import { NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { WaitingStep } from './messages.ts';

/** `idle` before the height begins; `unstarted` between two rounds; `commit` once it is decided. */
export type Step = 'idle' | 'unstarted' | WaitingStep | 'commit';

export interface RoundState {
  readonly height: number;
  /** −1 before the height begins. */
  readonly round: number;
  readonly step: Step;
  /** −1 and NIL when there is none. */
  readonly lockedRound: number;
  readonly lockedBlock: Uint8Array;
  readonly validRound: number;
  readonly validBlock: Uint8Array;
}

/**
 * Conditions in the terms of the paper: a *polka* is a quorum of prevotes, more than two thirds of the power.
 * Blocks are valid ones.
 */
export type Condition =
  | { readonly type: 'newRound'; readonly round: number; readonly proposer: boolean }
  | { readonly type: 'value'; readonly block: Uint8Array }
  | { readonly type: 'proposal'; readonly block: Uint8Array }
  | { readonly type: 'proposalInvalid' }
  | { readonly type: 'proposalAndEarlierPolka'; readonly block: Uint8Array; readonly validRound: number }
  | { readonly type: 'proposalAndPolka'; readonly block: Uint8Array }
  | { readonly type: 'polkaAny' }
  | { readonly type: 'polkaNil' }
  | { readonly type: 'precommitAny' }
  | { readonly type: 'proposalAndCommit'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'skip'; readonly round: number }
  | { readonly type: 'timeout'; readonly round: number; readonly step: WaitingStep };

export type Output =
  | { readonly type: 'none' }
  /** The paper has no rule for the condition in this state. */
  | { readonly type: 'inapplicable' }
  /** Ask the application for a block, and wait for it as for a proposal. */
  | { readonly type: 'getValue'; readonly round: number }
  | {
      readonly type: 'propose';
      readonly round: number;
      readonly validRound: number;
      readonly block: Uint8Array;
    }
  | {
      readonly type: 'vote';
      readonly kind: typeof PREVOTE | typeof PRECOMMIT;
      readonly round: number;
      readonly block: Uint8Array;
    }
  | { readonly type: 'timeout'; readonly round: number; readonly step: WaitingStep }
  | { readonly type: 'skip'; readonly round: number }
  | { readonly type: 'decide'; readonly round: number; readonly block: Uint8Array };

export interface Transition {
  readonly state: RoundState;
  readonly output: Output;
}

export const idleState = (height: number): RoundState => ({
  height,
  round: -1,
  step: 'idle',
  lockedRound: -1,
  lockedBlock: NIL,
  validRound: -1,
  validBlock: NIL,
});

/** The transition of the paper when `condition` holds in `state`. */
export function transition(state: RoundState, condition: Condition): Transition {
  switch (condition.type) {
    case 'newRound':
      return startRound(state, condition.round, condition.proposer);
    case 'value':
      return propose(state, condition.block);
    case 'proposal':
      return onProposal(state, condition.block);
    case 'proposalInvalid':
      return state.step === 'propose' ? prevote(state, NIL) : inapplicable(state);
    case 'proposalAndEarlierPolka':
      return onEarlierPolka(state, condition.block, condition.validRound);
    case 'proposalAndPolka':
      return onPolka(state, condition.block);
    case 'polkaAny':
      return state.step === 'prevote' ? wait(state, 'prevote') : inapplicable(state); // line 34
    case 'polkaNil':
      return state.step === 'prevote' ? precommit(state, NIL) : inapplicable(state); // line 44
    case 'precommitAny':
      return wait(state, 'precommit'); // line 47
    case 'proposalAndCommit':
      return decide(state, condition.round, condition.block);
    case 'skip':
      return condition.round > state.round ? leaveFor(state, condition.round) : inapplicable(state); // line 55
    case 'timeout':
      return onTimeout(state, condition.round, condition.step);
  }
}

const inapplicable = (state: RoundState): Transition => ({ state, output: { type: 'inapplicable' } });

/** Lines 11 to 21. */
function startRound(state: RoundState, round: number, proposer: boolean): Transition {
  const between = state.step === 'idle' || state.step === 'unstarted';
  if (!between || round <= state.round) return inapplicable(state);
  const started: RoundState = { ...state, round, step: 'propose' };
  if (!proposer) return wait(started, 'propose');
  if (state.validRound === -1) return { state: started, output: { type: 'getValue', round } };
  return propose(started, state.validBlock);
}

/** Line 19. */
function propose(state: RoundState, block: Uint8Array): Transition {
  const { round, validRound } = state;
  return { state, output: { type: 'propose', round, validRound, block } };
}

const isLockedOn = (state: RoundState, block: Uint8Array): boolean =>
  state.lockedRound >= 0 && equalBytes(state.lockedBlock, block);

/** Lines 22 to 27. */
function onProposal(state: RoundState, block: Uint8Array): Transition {
  if (state.step !== 'propose') return inapplicable(state);
  const free = state.lockedRound === -1 || isLockedOn(state, block);
  return prevote(state, free ? block : NIL);
}

/** Lines 28 to 33. */
function onEarlierPolka(state: RoundState, block: Uint8Array, validRound: number): Transition {
  if (state.step !== 'propose' || validRound < 0 || validRound >= state.round) return inapplicable(state);
  const free = state.lockedRound <= validRound || isLockedOn(state, block);
  return prevote(state, free ? block : NIL);
}

/** Lines 36 to 43. */
function onPolka(state: RoundState, block: Uint8Array): Transition {
  const valid = { ...state, validRound: state.round, validBlock: block };
  if (state.step === 'precommit') return { state: valid, output: { type: 'none' } };
  if (state.step !== 'prevote') return inapplicable(state);
  return precommit({ ...valid, lockedRound: state.round, lockedBlock: block }, block);
}

/** Line 49. The step `commit` prevents deciding a height twice. */
function decide(state: RoundState, round: number, block: Uint8Array): Transition {
  if (state.step === 'commit') return inapplicable(state);
  return { state: { ...state, step: 'commit' }, output: { type: 'decide', round, block } };
}

/** Lines 57 to 67. */
function onTimeout(state: RoundState, round: number, step: WaitingStep): Transition {
  if (round !== state.round) return inapplicable(state);
  if (step === 'precommit') return leaveFor(state, round + 1);
  if (step !== state.step) return inapplicable(state);
  return step === 'propose' ? prevote(state, NIL) : precommit(state, NIL);
}

const prevote = (state: RoundState, block: Uint8Array): Transition => ({
  state: { ...state, step: 'prevote' },
  output: { type: 'vote', kind: PREVOTE, round: state.round, block },
});

const precommit = (state: RoundState, block: Uint8Array): Transition => ({
  state: { ...state, step: 'precommit' },
  output: { type: 'vote', kind: PRECOMMIT, round: state.round, block },
});

const wait = (state: RoundState, step: WaitingStep): Transition => ({
  state,
  output: { type: 'timeout', round: state.round, step },
});

const leaveFor = (state: RoundState, round: number): Transition => ({
  state: { ...state, step: 'unstarted' },
  output: { type: 'skip', round },
});
