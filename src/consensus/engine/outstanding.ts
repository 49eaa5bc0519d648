import { candidateFor } from './driver.ts';
import { type EngineState, isDecided } from './engine-state.ts';
import type { Effect } from './messages.ts';
import { voteOf } from './vote-keeper.ts';

/**
 * After a crash: of all effects that the journalled inputs of a height had, in order, those that still have to be
 * executed. What was signed and fed back is in the journal and only needs to be sent again.
 */
export function outstanding(state: EngineState, effects: readonly Effect[]): readonly Effect[] {
  const { driver, awaited } = state;
  const { round, setting } = { ...driver, round: driver.round.round };
  if (isDecided(state)) return effects.filter(({ type }) => type === 'decide' || type === 'evidence');
  return effects.filter((effect) => {
    switch (effect.type) {
      case 'evidence':
        return true;
      case 'getValue':
        return effect.round === awaited;
      case 'timeout':
      case 'round':
        return effect.round === round;
      case 'propose':
        return effect.round === round && candidateFor(driver, round, effect.block) === undefined;
      case 'vote': {
        const { ballot } = effect;
        return (
          ballot.round === round && voteOf(driver.keeper, round, ballot.kind, setting.place) === undefined
        );
      }
      case 'fetch':
        return candidateFor(driver, effect.round, effect.block) === undefined;
      default:
        return false;
    }
  });
}
