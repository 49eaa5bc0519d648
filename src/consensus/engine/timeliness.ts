/**
 * Proposer-based timestamps (CometBFT's PBTS): a block has the time of its proposer's clock, and validators vote for a
 * new one only if that is near to their own.
 */
export interface SynchronyParameters {
  /** How far the clocks of honest validators may lie apart, ms. */
  readonly precision: number;
  /** How long a proposal may be under way, ms. */
  readonly messageDelay: number;
}

export const DEFAULT_SYNCHRONY: SynchronyParameters = { precision: 500, messageDelay: 4000 };

/**
 * Whether a proposal with this time came when it should, by the receiver's clock. Each round allows a tenth more delay,
 * so that too small a bound cannot stop the chain. Judged for new blocks only, not for those with a valid round.
 */
export function isTimely(
  proposal: { readonly time: number; readonly round: number },
  receivedAt: number,
  { precision, messageDelay }: SynchronyParameters,
): boolean {
  const delay = messageDelay + Math.floor((messageDelay * proposal.round) / 10);
  return proposal.time - precision <= receivedAt && receivedAt <= proposal.time + delay + precision;
}
