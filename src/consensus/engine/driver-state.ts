import { equalBytes } from '#base';
import type { ValidatorSet } from '../blocks/index.ts';
import { type Condition, idleState, type RoundState, type Step } from './algorithm.ts';
import { emptyKeeper, type Threshold, type VoteKeeper } from './vote-keeper.ts';

/** What is constant for a height. */
export interface Setting {
  readonly height: number;
  readonly validators: ValidatorSet;
  /** Our place in the set; −1 for an observer. */
  readonly place: number;
  /** Whether we propose in a round. */
  isOurTurn(round: number): boolean;
}

/** A valid block that may be voted for in a round. */
export interface Candidate {
  readonly round: number;
  readonly block: Uint8Array;
  readonly validRound: number;
  /** False when its time is too far off or its proposal is unknown: it is not prevoted as a proposal. */
  readonly votable: boolean;
}

export interface Pending {
  readonly condition: Condition;
  readonly round: number;
}

/** Immutable: each input returns a new state. */
export interface DriverState {
  readonly setting: Setting;
  readonly round: RoundState;
  readonly keeper: VoteKeeper;
  readonly candidates: readonly Candidate[];
  /** Conditions of this round that were acted upon, with the step. */
  readonly done: readonly string[];
  /** Conditions that hold and wait to be processed. */
  readonly pending: readonly Pending[];
  /** The step that the last input entered, until its consequences have been checked. */
  readonly entered: Step | undefined;
  /** The threshold that the last vote or certificate reached. */
  readonly threshold: Threshold;
}

/** The state at the beginning of a height. */
export const beginHeight = (setting: Setting): DriverState => ({
  setting,
  round: idleState(setting.height),
  keeper: emptyKeeper(setting.validators),
  candidates: [],
  done: [],
  pending: [],
  entered: undefined,
  threshold: { type: 'none' },
});

/** The setting of the validator with this consensus key, or of an observer. */
export function settingOf(height: number, validators: ValidatorSet, key?: Uint8Array): Setting {
  const place = key ? validators.placeOf(key) : -1;
  const isOurTurn = (round: number) =>
    place >= 0 && equalBytes(validators.proposer(round).key, validators.at(place)!.key);
  return { height, validators, place, isOurTurn };
}
