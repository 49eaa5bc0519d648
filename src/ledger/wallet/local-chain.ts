import { BitorchError } from '#base';
import { feeRecord, parametersOf } from '../accounts/index.ts';
import type { Ledger } from '../ledger.ts';
import {
  keyImageRange,
  type OutputRecord,
  outputRange,
  outputs,
  outputTotals,
  spends,
} from '../state/buckets.ts';
import {
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  type OutputTotal,
  type WalletChain,
} from './chain.ts';
import { SENT, submissionOf } from './submission.ts';

/**
 * The chain as a wallet asks for it, out of a ledger of this process. Throws CHAIN_QUESTION for too much at once.
 *
 * @param submit takes a transaction in; what it refuses with is the answer
 */
export function localChain(
  ledger: Ledger,
  submit: (transaction: Uint8Array) => unknown,
  blockSeconds = 2,
): WalletChain {
  const { state } = ledger;
  const outputAt = (number: number): OutputRecord =>
    outputs.get(state, number) ?? refuse('an output that is not there');
  return {
    async status() {
      return {
        height: ledger.head.height,
        outputs: outputRange.count(state),
        spends: keyImageRange.count(state),
        baseFee: feeRecord.bucket.get(state, null)!.base,
        parameters: parametersOf(state),
        blockSeconds,
      };
    },
    async outputs(from, to) {
      if (to - from > MAX_OUTPUTS_ASKED || to > outputRange.count(state))
        refuse('outputs that are too many or not there');
      return [...outputs.entries(state, { from, to })].map(([, output]) => output);
    },
    async outputsAt(numbers) {
      if (numbers.length > MAX_OUTPUTS_ASKED) refuse('too many outputs');
      return numbers.map(outputAt);
    },
    async totals(from) {
      const totals: OutputTotal[] = [];
      for (const [height, total] of outputTotals.entries(state, { from })) {
        if (totals.push({ height, total }) === MAX_TOTALS_ASKED) break;
      }
      const [below] = outputTotals.entries(state, { to: from, reverse: true });
      return { before: below?.[1] ?? 0, totals };
    },
    async spends(from, to) {
      if (to - from > MAX_SPENDS_ASKED || to > keyImageRange.count(state))
        refuse('spends that are too many or not there');
      return [...spends.entries(state, { from, to })].map(([, spend]) => spend);
    },
    async submit(transaction) {
      try {
        await submit(transaction);
        return SENT;
      } catch (error) {
        if (error instanceof BitorchError) return submissionOf(error);
        throw error;
      }
    },
  };
}

function refuse(what: string): never {
  throw new BitorchError('CHAIN_QUESTION', `the chain was asked for ${what}`);
}
