/** A block's height and its time, ms since epoch. */
export interface Moment {
  readonly height: number;
  readonly time: number;
}

/** What blocks are meant to take, in seconds: said of a chain that has hardly begun. */
const NOMINAL_SECONDS = 2;
/** A chain is not taken to be slower: one that stood still, or began long after its genesis, says nothing of its pace. */
const SLOWEST_SECONDS = 60;
/** Fewer blocks say nothing either. */
const LEAST_BLOCKS = 100;

/** Seconds that a block took from one moment to a later one. */
export function secondsEach(from: Moment, to: Moment): number {
  const blocks = to.height - from.height;
  if (blocks < LEAST_BLOCKS || to.time <= from.time) return NOMINAL_SECONDS;
  return Math.min(SLOWEST_SECONDS, (to.time - from.time) / 1_000 / blocks);
}
