import { type RandomBytes, systemRandom } from '#crypto';
import { RING_SIZE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import { type ChainStatus, type OutputTotal, outputsBetween, totalsUpTo, type WalletChain } from './chain.ts';

/**
 * Decoy selection, version 2. Every wallet uses this one and no other: decoys that are drawn differently from real
 * spends give those away, and wallets that differ give themselves away. docs/protocol/ledger.md has it in words.
 *
 * An age in seconds is e^x, x from a gamma distribution (shape 19.28, rate 1.61: Möser et al., PoPETs 2018, and
 * Monero); the time that outputs are locked is taken off, or the age drawn anew from the first half hour if it is
 * less. Age and the recent rate of outputs give a place among the outputs; of that place's block one is taken.
 */
export const DECOY_VERSION = 2;

const SHAPE = 19.28;
const RATE = 1.61;
/** Seconds. */
const RECENT = 1_800;
/** Seconds over which the rate of outputs is measured; longer while fewer outputs than `LEAST_MEASURED` were made. */
const MEASURED = 7 * 86_400;
const LEAST_MEASURED = 1_000;
/** Draws beyond the age of the chain before one falls back to all outputs alike. */
const PATIENCE = 10;

/** A number in [0, 1) with 53 random bits. */
export function uniform(random: RandomBytes): number {
  return Number(Buffer.from(random(8)).readBigUInt64LE() >> 11n) / 2 ** 53;
}

function normal(random: RandomBytes): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** From the gamma distribution of shape ≥ 1 and rate 1 (Marsaglia, Tsang, ACM TOMS 2000). */
function gamma(shape: number, random: RandomBytes): number {
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - uniform(random)) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Seconds since an output became spendable, as spends are spread over it. */
export function drawAge(lockedSeconds: number, random: RandomBytes): number {
  const age = Math.exp(gamma(SHAPE, random) / RATE);
  return age > lockedSeconds ? age - lockedSeconds : uniform(random) * RECENT;
}

/** The outputs that a ring of the next block may name. */
export interface DecoySource {
  readonly parameters: Parameters;
  /** Of the last block. */
  readonly height: number;
  /** Seconds that a block takes on this chain. */
  readonly blockSeconds: number;
  /** Of all blocks that made outputs, ascending. */
  readonly totals: readonly OutputTotal[];
  /** Numbers of minted outputs that are old enough for a transfer's output but not for a minted one. */
  readonly unripe: ReadonlySet<number>;
}

/**
 * Reads what rings are drawn from: totals of all blocks that are not `known` yet, and all outputs of those few blocks whose minted ones are not
 * old enough. Nothing of it depends on what is going to be drawn or spent, so whoever answers learns nothing of that.
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

/** Where the first entry is for which this holds; it holds for all that follow. */
function firstWhere(totals: readonly OutputTotal[], holds: (entry: OutputTotal) => boolean): number {
  let [low, high] = [0, totals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(totals[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What the draw of these outputs depended on: the totals before and with the blocks that hold them. */
export function edgesAround(numbers: readonly number[], totals: readonly OutputTotal[]): OutputTotal[] {
  const edges = new Map<number, OutputTotal>();
  for (const number of numbers) {
    const { height } = totals[firstWhere(totals, ({ total }) => total > number)] ?? {};
    if (height === undefined) continue;
    for (const at of [height - 1, height]) edges.set(at, { height: at, total: totalAt(totals, at) });
  }
  return [...edges.values()];
}

/** Numbers from 0 up to this are on the ledger with the block of a height. */
export function totalAt(totals: readonly OutputTotal[], height: number): number {
  return totals[firstWhere(totals, (entry) => entry.height > height) - 1]?.total ?? 0;
}

/** Seconds from one output to the next, lately: over a week, or as much longer as it takes to measure it. */
function secondsPerOutput({ totals, parameters, height, blockSeconds }: DecoySource, usable: number): number {
  const last = Math.max(1, height + 1 - parameters.maturity);
  for (let blocks = Math.ceil(MEASURED / blockSeconds); blocks < last; blocks *= 2) {
    const made = usable - totalAt(totals, last - blocks);
    if (made >= LEAST_MEASURED) return (blocks * blockSeconds) / made;
  }
  return (last * blockSeconds) / usable;
}

/** One output, or undefined when the draw fell on none. */
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

/** How many outputs are old enough, minted ones not considered. */
export const usableOutputs = ({ totals, parameters, height }: Omit<DecoySource, 'unripe'>): number =>
  totalAt(totals, height + 1 - parameters.maturity);

/**
 * A ring for an output of one's own: 16 different numbers in ascending order. Undefined when the chain has not enough
 * outputs yet.
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
