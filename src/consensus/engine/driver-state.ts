import { equalBytes } from '#base';
import type { ValidatorSet } from '../blocks/index.ts';
import { type Condition, idleState, type RoundState, type Step } from './algorithm.ts';
import { emptyKeeper, type Threshold, type VoteKeeper } from './vote-keeper.ts';

/** What stays the same for a height. */
export interface Setting {
  readonly height: number;
  readonly validators: ValidatorSet;
  /** Our place in the set; −1 for one who only looks on. */
  readonly place: number;
  /** Whether we propose in a round. */
  isOurTurn(round: number): boolean;
}

/** A valid block that may be voted for in a round. */
export interface Candidate {
  readonly round: number;
  readonly block: Uint8Array;
  readonly validRound: number;
  /** False for one whose time is too far off, or that no proposal is known for: not prevoted as a proposal. */
  readonly votable: boolean;
}

export interface Pending {
  readonly condition: Condition;
  readonly round: number;
}

/** Immutable: each input makes a new one. */
export interface DriverState {
  readonly setting: Setting;
  readonly round: RoundState;
  readonly keeper: VoteKeeper;
  readonly candidates: readonly Candidate[];
  /** Conditions of this round that were acted upon, with the step in which. */
  readonly done: readonly string[];
  /** Conditions that hold and wait for their turn. */
  readonly pending: readonly Pending[];
  /** The step that the last input led into, while what it makes possible has not been looked at. */
  readonly entered: Step | undefined;
  /** What the last vote or certificate reached. */
  readonly threshold: Threshold;
}

/** Nothing has happened yet at this height. */
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

/** The setting of a validator with this consensus key, or of one who only looks on. */
export function settingOf(height: number, validators: ValidatorSet, key?: Uint8Array): Setting {
  const place = key ? validators.placeOf(key) : -1;
  const isOurTurn = (round: number) =>
    place >= 0 && equalBytes(validators.proposer(round).key, validators.at(place)!.key);
  return { height, validators, place, isOurTurn };
}
