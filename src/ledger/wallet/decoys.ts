import { type RandomBytes, systemRandom } from '#crypto';
import { RING_SIZE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import { type ChainStatus, type OutputTotal, outputsBetween, totalsUpTo, type WalletChain } from './chain.ts';

/**
 * Decoy selection, version 2. Every wallet must use the same algorithm: decoys drawn from another distribution than real
 * spends reveal the real ones, and a wallet that draws differently is recognisable. Specified in docs/protocol/ledger.md.
 *
 * An age in seconds is e^x with x from a gamma distribution (shape 19.28, rate 1.61: Möser et al., PoPETs 2018, and
 * Monero). The lock time of outputs is subtracted; an age below it is redrawn uniformly from the first half hour. The age and
 * the recent output rate give a position among all outputs; one output of the block at that position is chosen.
 */

const SHAPE = 19.28;
const RATE = 1.61;
/** Seconds: the range from which ages below the lock time are redrawn. */
const RECENT = 1_800;
/** Seconds over which the output rate is measured; doubled until the window holds `LEAST_MEASURED` outputs. */
const MEASURED = 7 * 86_400;
const LEAST_MEASURED = 1_000;
/** Consecutive draws beyond the age of the chain after which outputs are drawn uniformly. */
const PATIENCE = 10;

/** A number in [0, 1) with 53 random bits. */
export function uniform(random: RandomBytes): number {
  return Number(Buffer.from(random(8)).readBigUInt64LE() >> 11n) / 2 ** 53;
}

function normal(random: RandomBytes): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** A sample of the gamma distribution of shape ≥ 1 and rate 1 (Marsaglia, Tsang, ACM TOMS 2000). */
function gamma(shape: number, random: RandomBytes): number {
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - uniform(random)) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A sample of the spend age: seconds from the moment an output becomes spendable to its spend. */
export function drawAge(lockedSeconds: number, random: RandomBytes): number {
  const age = Math.exp(gamma(SHAPE, random) / RATE);
  return age > lockedSeconds ? age - lockedSeconds : uniform(random) * RECENT;
}

/** The outputs that rings in the next block may contain. */
export interface DecoySource {
  readonly parameters: Parameters;
  /** Height of the last block. */
  readonly height: number;
  /** Measured block time of this chain, in seconds. */
  readonly blockSeconds: number;
  /** Of all blocks that created outputs, ascending. */
  readonly totals: readonly OutputTotal[];
  /** Numbers of minted outputs older than `maturity` but younger than `mintMaturity`. */
  readonly unripe: ReadonlySet<number>;
}

/**
 * Reads what rings are drawn from: totals of all blocks that are not `known` yet, and all outputs of the few blocks whose
 * minted outputs are not mature. The requests do not depend on what will be drawn or spent, so they reveal nothing about it.
 */
export async function readDecoys(
  chain: WalletChain,
  { height, parameters, blockSeconds }: ChainStatus,
  known: readonly OutputTotal[] = [],
): Promise<DecoySource> {
  const totals = await totalsUpTo(chain, height, known);
  const source = { parameters, height, blockSeconds, totals };
  const unripe = new Set<number>();
  const ripe = totalAt(totals, height + 1 - parameters.mintMaturity);
  for await (const [first, outputs] of outputsBetween(chain, ripe, usableOutputs(source))) {
    for (const [i, { minted }] of outputs.entries()) if (minted) unripe.add(first + i);
  }
  return { ...source, unripe };
}

/** Index of the first entry for which `holds`, by binary search: it must hold for all later entries too. */
function firstWhere(totals: readonly OutputTotal[], holds: (entry: OutputTotal) => boolean): number {
  let [low, high] = [0, totals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(totals[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The totals on which the draw of these outputs depended: before and after each block that holds one of them. */
export function edgesAround(numbers: readonly number[], totals: readonly OutputTotal[]): OutputTotal[] {
  const edges = new Map<number, OutputTotal>();
  for (const number of numbers) {
    const { height } = totals[firstWhere(totals, ({ total }) => total > number)] ?? {};
    if (height === undefined) continue;
    for (const at of [height - 1, height]) edges.set(at, { height: at, total: totalAt(totals, at) });
  }
  return [...edges.values()];
}

/** Number of outputs on the ledger after the block at `height`. */
export function totalAt(totals: readonly OutputTotal[], height: number): number {
  return totals[firstWhere(totals, (entry) => entry.height > height) - 1]?.total ?? 0;
}

/** Mean seconds between recent outputs, over a week or the longer window that a measurement needs. */
function secondsPerOutput({ totals, parameters, height, blockSeconds }: DecoySource, usable: number): number {
  const last = Math.max(1, height + 1 - parameters.maturity);
  for (let blocks = Math.ceil(MEASURED / blockSeconds); blocks < last; blocks *= 2) {
    const made = usable - totalAt(totals, last - blocks);
    if (made >= LEAST_MEASURED) return (blocks * blockSeconds) / made;
  }
  return (last * blockSeconds) / usable;
}

/** Draws one output; undefined when the draw is older than the chain. */
function drawOutput(
  source: DecoySource,
  usable: number,
  secondsEach: number,
  random: RandomBytes,
): number | undefined {
  const { totals, parameters, blockSeconds } = source;
  const back = Math.floor(drawAge(parameters.maturity * blockSeconds, random) / secondsEach);
  if (back >= usable) return undefined;
  const block = firstWhere(totals, ({ total }) => total > usable - 1 - back);
  const from = totals[block - 1]?.total ?? 0;
  return from + Math.floor(uniform(random) * (totals[block]!.total - from));
}

/** Number of outputs older than `maturity`, whether minted or not. */
export const usableOutputs = ({ totals, parameters, height }: Omit<DecoySource, 'unripe'>): number =>
  totalAt(totals, height + 1 - parameters.maturity);

/**
 * Draws a ring for one of the wallet's outputs: RING_SIZE distinct numbers in ascending order. Undefined while the chain has
 * too few outputs.
 */
export function drawRing(
  real: number,
  source: DecoySource,
  random: RandomBytes = systemRandom,
): readonly number[] | undefined {
  const usable = usableOutputs(source);
  const secondsEach = usable > 0 ? secondsPerOutput(source, usable) : 0;
  const ring = new Set([real]);
  let misses = 0;
  for (let draws = 0; ring.size < RING_SIZE; draws++) {
    if (usable < RING_SIZE || draws > 5_000) return undefined;
    const drawn =
      misses < PATIENCE
        ? drawOutput(source, usable, secondsEach, random)
        : Math.floor(uniform(random) * usable);
    misses = drawn === undefined ? misses + 1 : 0;
    if (drawn !== undefined && !source.unripe.has(drawn)) ring.add(drawn);
  }
  return [...ring].sort((a, b) => a - b);
}
