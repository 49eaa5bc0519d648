import type { Timeouts } from '../application/index.ts';
import type { WaitingStep } from './messages.ts';

/** No step waits longer, whatever the round. */
const LONGEST = 600_000;

/** How long a step of a round is waited for, in ms: longer in each round, until messages arrive in time. */
export const durationOf = (timeouts: Timeouts, step: WaitingStep, round: number): number =>
  Math.min(timeouts[step] + round * timeouts[`${step}Step`], LONGEST);
