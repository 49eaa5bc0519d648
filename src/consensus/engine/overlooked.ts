import { NIL, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { Condition } from './algorithm.ts';
import type { DriverState } from './driver-state.ts';
import { hasQuorum } from './vote-keeper.ts';

/**
 * A condition of the paper that holds and was not acted upon. The driver checks what the last input has changed, as
 * its specification does. Where that is not enough (for example for a nil polka that existed before our own late
 * prevote), a validator would wait forever.
 */
export function overlooked(state: DriverState): Condition | undefined {
  const { keeper, candidates, round: current } = state;
  const { round, step } = current;
  const decided = candidates.find((one) => hasQuorum(keeper, one.round, PRECOMMIT, one.block));
  if (decided) return { type: 'proposalAndCommit', round: decided.round, block: decided.block };
  const ours = candidates.filter((one) => one.round === round);
  if (step === 'propose') {
    for (const { block, validRound, votable } of ours) {
      if (!votable) continue;
      if (validRound === -1) return { type: 'proposal', block };
      if (hasQuorum(keeper, validRound, PREVOTE, block)) {
        return { type: 'proposalAndEarlierPolka', block, validRound };
      }
    }
  }
  const isLate = step === 'prevote' || (step === 'precommit' && current.validRound < round);
  const polka = isLate && ours.find((one) => hasQuorum(keeper, round, PREVOTE, one.block));
  if (polka) return { type: 'proposalAndPolka', block: polka.block };
  if (step === 'prevote' && hasQuorum(keeper, round, PREVOTE, NIL)) return { type: 'polkaNil' };
  return undefined;
}
