import { expOfNegative } from './exp.ts';
import { logOf } from './logarithm.ts';
import { largest } from './ranking.ts';

/** A token and the natural logarithm of its probability. */
export interface TokenLogprob {
  readonly id: number;
  readonly logprob: number;
}

/** The token chosen at a position, and the most likely tokens there in descending order. */
export interface ChosenToken extends TokenLogprob {
  readonly likeliest: readonly TokenLogprob[];
}

/**
 * Log-probability of the chosen token under the model: the log-softmax of the raw logits (vocab f32), before any sampling
 * option. `alternatives` is the number of most likely tokens to report.
 */
export function chosenToken(logits: Float32Array, id: number, alternatives: number): ChosenToken {
  const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let total = 0;
  for (const logit of logits) total += expOfNegative(logit - max);
  const logTotal = logOf(total);
  const logprob = (token: number): TokenLogprob => ({ id: token, logprob: logits[token]! - max - logTotal });
  const likeliest = alternatives === 0 ? [] : [...largest(logits, Math.min(alternatives, logits.length))];
  return { ...logprob(id), likeliest: likeliest.map(logprob) };
}
