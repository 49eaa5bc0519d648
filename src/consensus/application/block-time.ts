import { NOMINAL_BLOCK_SECONDS } from '../constants.ts';

/** A block's height and its time, ms since epoch. */
export interface Moment {
  readonly height: number;
  readonly time: number;
}

/**
 * Upper bound in seconds: the average is meaningless for a chain that stood still or began long after its genesis
 * time.
 */
const SLOWEST_SECONDS = 60;
/** Fewest blocks to average over. */
const LEAST_BLOCKS = 100;

/** Average seconds per block between two moments. */
export function secondsEach(from: Moment, to: Moment): number {
  const blocks = to.height - from.height;
  if (blocks < LEAST_BLOCKS || to.time <= from.time) return NOMINAL_BLOCK_SECONDS;
  return Math.min(SLOWEST_SECONDS, (to.time - from.time) / 1_000 / blocks);
}
