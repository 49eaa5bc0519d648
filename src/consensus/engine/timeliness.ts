/**
 * Proposer-based timestamps (CometBFT's PBTS): a block carries the time of its proposer's clock, and validators
 * vote for a new block only if that is close to their own clock.
 */
export interface SynchronyParameters {
  /** Largest difference between the clocks of honest validators, in ms. */
  readonly precision: number;
  /** Largest delay of a proposal, in ms. */
  readonly messageDelay: number;
}

export const DEFAULT_SYNCHRONY: SynchronyParameters = { precision: 500, messageDelay: 4000 };

/**
 * Whether a proposal with this time arrived in time by the receiver's clock. Each round allows a tenth more delay,
 * so that a bound that is too small cannot stop the chain. For new blocks only, not for those with a valid round.
 */
export function isTimely(
  proposal: { readonly time: number; readonly round: number },
  receivedAt: number,
  { precision, messageDelay }: SynchronyParameters,
): boolean {
  const delay = messageDelay + Math.floor((messageDelay * proposal.round) / 10);
  return proposal.time - precision <= receivedAt && receivedAt <= proposal.time + delay + precision;
}
