import { beginHeight, type DriverState, type Setting } from './driver-state.ts';
import type { WaitingStep } from './messages.ts';

/** One height of one validator. Immutable: each input returns a new state. */
export interface EngineState {
  readonly driver: DriverState;
  /** Steps of this round with a running timeout. */
  readonly waits: readonly WaitingStep[];
  /** The round for which a block was requested from the application and not received yet; −1 otherwise. */
  readonly awaited: number;
  /** Blocks that were requested, in hexadecimal, with their rounds. */
  readonly fetched: readonly string[];
  /** By place: the highest round, too far ahead to be counted, in which the validator has voted. */
  readonly distant: readonly number[];
}

/** A height before its `start` input. */
export const newHeight = (setting: Setting): EngineState => ({
  driver: beginHeight(setting),
  waits: [],
  awaited: -1,
  fetched: [],
  distant: [],
});

export const isDecided = ({ driver }: EngineState): boolean => driver.round.step === 'commit';
