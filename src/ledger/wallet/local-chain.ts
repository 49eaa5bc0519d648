import { BitorchError } from '#base';
import { feeRecord, parametersOf } from '../accounts/index.ts';
import { keyImageRange, type OutputRecord, outputRange, outputs, outputTotals, spends } from '../buckets.ts';
import type { Ledger } from '../ledger.ts';
import {
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  type OutputTotal,
  type WalletChain,
} from './chain.ts';
import { SENT, submissionOf } from './submission.ts';

/**
 * A `WalletChain` over a ledger in this process. Its methods throw CHAIN_QUESTION when a request is too large or out of range.
 *
 * @param submit accepts a transaction; a BitorchError that it throws becomes the outcome
 */
export function localChain(
  ledger: Ledger,
  submit: (transaction: Uint8Array) => unknown,
  blockSeconds = 2,
): WalletChain {
  const { state } = ledger;
  const outputAt = (number: number): OutputRecord =>
    outputs.get(state, number) ?? refuse('an output that does not exist');
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
        refuse('too many outputs, or some that do not exist');
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
        refuse('too many spends, or some that do not exist');
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
