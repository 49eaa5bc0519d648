import type { Timeouts } from '../application/index.ts';
import type { WaitingStep } from '../engine/index.ts';

export type Pace = Timeouts;

/** How long a step of a round waits, in ms: longer in each further round, so that slow networks meet in the end. */
export function timeoutOf(pace: Pace, step: WaitingStep, round: number): number {
  return pace[step] + round * pace[`${step}Step`];
}
