import { beginHeight, type DriverState, type Setting } from './driver-state.ts';
import type { WaitingStep } from './messages.ts';

/** One height of one validator. Immutable: each input makes a new one. */
export interface EngineState {
  readonly driver: DriverState;
  /** Steps of this round whose timeout runs. */
  readonly waits: readonly WaitingStep[];
  /** The round that the application was asked a block for, while it has not answered; −1 otherwise. */
  readonly awaited: number;
  /** Blocks that were asked for, hexadecimal, with their rounds. */
  readonly fetched: readonly string[];
  /** By place: the highest round too far ahead to be counted that a validator has voted in. */
  readonly distant: readonly number[];
}

/** A height before its `start`. */
export const newHeight = (setting: Setting): EngineState => ({
  driver: beginHeight(setting),
  waits: [],
  awaited: -1,
  fetched: [],
  distant: [],
});

export const isDecided = ({ driver }: EngineState): boolean => driver.round.step === 'commit';
