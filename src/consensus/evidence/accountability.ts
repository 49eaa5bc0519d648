import { TRUSTING_PERIOD_MS } from '../constants.ts';

export interface AccountabilityOptions {
  /** How long a validator that has left still answers for what it signed: below the unbonding time. */
  readonly trustingPeriodMs?: number | undefined;
  /** Height of a block that somebody vouches for who is trusted for other reasons. */
  readonly checkpoint?: number | undefined;
}

/**
 * Whether those who voted on a block still answer for it. Older votes cost nothing: who has left and has its bond back can
 * sign any past it likes ("posterior corruption"), so they prove no fork. Nor does anything at or below a checkpoint, which
 * settles what came before it.
 *
 * @param now ms since epoch
 */
export const areAccountable = (
  { height, time }: { readonly height: number; readonly time: number },
  now: number,
  { trustingPeriodMs = TRUSTING_PERIOD_MS, checkpoint = 0 }: AccountabilityOptions,
): boolean => height > checkpoint && time + trustingPeriodMs > now;

/** What is logged of a fork that does not count. */
export const TOO_OLD = 'a fork that is too old to count: those who voted there do not answer for it any more';
