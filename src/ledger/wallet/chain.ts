import { BitorchError } from '#base';
import type { Parameters } from '../parameters.ts';
import type { OutputRecord, SpendRecord } from '../state/buckets.ts';
import type { Submission } from './submission.ts';

/** The chain after its last block. */
export interface ChainStatus {
  readonly height: number;
  /** How many outputs there are with that block, and how many were spent. */
  readonly outputs: number;
  readonly spends: number;
  /** Sparks a unit of weight in the next block. */
  readonly baseFee: bigint;
  readonly parameters: Parameters;
  /** Seconds that a block of this chain takes, measured by the times of its blocks. */
  readonly blockSeconds: number;
}

/** Outputs of blocks: `before` of them lie below the height that was asked for, then totals where a block made some. */
export interface TotalsPage {
  readonly before: number;
  readonly totals: readonly OutputTotal[];
}

/** Outputs numbered from 0 up to `total` are on the ledger with the block of this height. */
export interface OutputTotal {
  readonly height: number;
  readonly total: number;
}

/** Most that is asked for in one call. */
export const MAX_OUTPUTS_ASKED = 1_000;
export const MAX_TOTALS_ASKED = 50_000;
export const MAX_SPENDS_ASKED = 10_000;

/**
 * What a wallet asks of a chain, wherever that runs: a ledger of this process (`localChain`) or a node's HTTP API. Blocks
 * are final, so what is below a height stays; answers may be of a later block than `status` was.
 *
 * All outputs, all spends, all totals and whole rings are asked for: whoever answers does not learn what belongs to the
 * wallet.
 */
export interface WalletChain {
  status(): Promise<ChainStatus>;
  /** Outputs numbered `from` up to but not `to`, at most MAX_OUTPUTS_ASKED. */
  outputs(from: number, to: number): Promise<readonly OutputRecord[]>;
  /**
   * The outputs of these numbers, at most MAX_OUTPUTS_ASKED, in the order they were asked for.
   *
   * @param edges totals that the numbers were chosen by: a chain that believes no node has them proven as well, and throws
   * CHAIN_INVALID for false ones
   */
  outputsAt(numbers: readonly number[], edges?: readonly OutputTotal[]): Promise<readonly OutputRecord[]>;
  /** Totals of blocks from a height on, ascending, at most MAX_TOTALS_ASKED. */
  totals(from: number): Promise<TotalsPage>;
  /** Spends numbered `from` up to but not `to`, at most MAX_SPENDS_ASKED; their heights ascend. */
  spends(from: number, to: number): Promise<readonly SpendRecord[]>;
  /** Hands a transaction in. Throws only where it is not known whether it has arrived. */
  submit(transaction: Uint8Array): Promise<Submission>;
}

/** Outputs `[from, to)` in pieces of at most MAX_OUTPUTS_ASKED, with the number of the first of each. */
export async function* outputsBetween(
  chain: WalletChain,
  from: number,
  to: number,
  piece = MAX_OUTPUTS_ASKED,
): AsyncGenerator<readonly [first: number, outputs: readonly OutputRecord[]]> {
  for (let first = from; first < to; first += piece) {
    yield [first, await chain.outputs(first, Math.min(first + piece, to))];
  }
}

/** The number of the first spend in a block of this height or a later one, found by halving. */
export async function firstSpendAt(chain: WalletChain, height: number, count: number): Promise<number> {
  let [low, high] = [0, count];
  while (height > 0 && low < high) {
    const middle = Math.floor((low + high) / 2);
    const [spend] = await chain.spends(middle, middle + 1);
    if (spend!.height >= height) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** All totals up to a height, those that are `known` already among them. */
export async function totalsUpTo(
  chain: WalletChain,
  height: number,
  known: readonly OutputTotal[] = [],
): Promise<OutputTotal[]> {
  const all = [...known];
  for (;;) {
    const { before, totals } = await chain.totals((all.at(-1)?.height ?? -1) + 1);
    if (before !== (all.at(-1)?.total ?? 0))
      throw new BitorchError('CHAIN_INVALID', 'the node gives other totals of earlier blocks than before');
    for (const entry of totals) if (entry.height <= height) all.push(entry);
    if (totals.length < MAX_TOTALS_ASKED || totals.at(-1)!.height >= height) return all;
  }
}
