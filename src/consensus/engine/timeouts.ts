import type { Timeouts } from '../application/index.ts';
import type { WaitingStep } from './messages.ts';

/** Upper bound of all timeouts, in ms. */
const LONGEST = 600_000;

/** Timeout of a step in ms. It grows with the round until messages arrive in time. */
export const durationOf = (timeouts: Timeouts, step: WaitingStep, round: number): number =>
  Math.min(timeouts[step] + round * timeouts[`${step}Step`], LONGEST);
