import { TRUSTING_PERIOD_MS } from '../constants.ts';

export interface AccountabilityOptions {
  /** How long a validator that has left can still be held accountable, in ms: less than the unbonding time. */
  readonly trustingPeriodMs?: number | undefined;
  /** Height of a block that the operator vouches for. */
  readonly checkpoint?: number | undefined;
}

/**
 * Whether the validators of a block can still be held accountable for their votes. Older votes cost nothing: a
 * validator that has withdrawn its bond can sign any past ("posterior corruption"), so they prove no fork. Neither
 * does anything at or below a checkpoint, which settles everything before it.
 *
 * @param now ms since epoch
 */
export const areAccountable = (
  { height, time }: { readonly height: number; readonly time: number },
  now: number,
  { trustingPeriodMs = TRUSTING_PERIOD_MS, checkpoint = 0 }: AccountabilityOptions,
): boolean => height > checkpoint && time + trustingPeriodMs > now;

/** Logged for a fork that does not count. */
export const TOO_OLD = 'a fork that is too old to count: its validators can no longer be held accountable';
