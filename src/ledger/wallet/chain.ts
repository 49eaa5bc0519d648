import { BitorchError } from '#base';
import type { OutputRecord, SpendRecord } from '../buckets.ts';
import type { Parameters } from '../parameters.ts';
import type { Submission } from './submission.ts';

/** State of the chain after its last block. */
export interface ChainStatus {
  readonly height: number;
  /** Total outputs created and total outputs spent, up to that block. */
  readonly outputs: number;
  readonly spends: number;
  /** Sparks per unit of weight in the next block. */
  readonly baseFee: bigint;
  readonly parameters: Parameters;
  /** Block time in seconds, measured from the timestamps of blocks. */
  readonly blockSeconds: number;
}

/** A page of output totals: the total before the requested height, then an entry for each block that created outputs. */
export interface TotalsPage {
  readonly before: number;
  readonly totals: readonly OutputTotal[];
}

/** After the block at `height` the ledger holds `total` outputs, numbered from 0. */
export interface OutputTotal {
  readonly height: number;
  readonly total: number;
}

/** Maximum entries per call. */
export const MAX_OUTPUTS_ASKED = 1_000;
export const MAX_TOTALS_ASKED = 50_000;
export const MAX_SPENDS_ASKED = 10_000;

/**
 * The chain as a wallet sees it: a ledger in this process (`localChain`) or a node's HTTP API. Blocks are final, so data below
 * a height never changes; answers may be of a later block than `status`.
 *
 * A wallet reads all outputs, all spends, all totals and whole rings, so that the node does not learn which are its own.
 */
export interface WalletChain {
  status(): Promise<ChainStatus>;
  /** Outputs `[from, to)`, at most MAX_OUTPUTS_ASKED. */
  outputs(from: number, to: number): Promise<readonly OutputRecord[]>;
  /**
   * Outputs by number, at most MAX_OUTPUTS_ASKED, in the order of `numbers`.
   *
   * @param edges totals by which the numbers were chosen: a chain that trusts no node verifies them too, and throws
   * CHAIN_INVALID when they are false
   */
  outputsAt(numbers: readonly number[], edges?: readonly OutputTotal[]): Promise<readonly OutputRecord[]>;
  /** Totals of blocks from height `from`, ascending, at most MAX_TOTALS_ASKED. */
  totals(from: number): Promise<TotalsPage>;
  /** Spends `[from, to)`, ascending by height, at most MAX_SPENDS_ASKED. */
  spends(from: number, to: number): Promise<readonly SpendRecord[]>;
  /** Submits a transaction. Throws only when it is unknown whether it arrived. */
  submit(transaction: Uint8Array): Promise<Submission>;
}

/** Outputs `[from, to)` in pieces of at most `piece`, each with the number of its first output. */
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

/** Number of the first spend at `height` or above, by binary search over `count` spends. */
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

/** All totals up to a height. Reads those that are not `known`. Throws CHAIN_INVALID when the chain contradicts them. */
export async function totalsUpTo(
  chain: WalletChain,
  height: number,
  known: readonly OutputTotal[] = [],
): Promise<OutputTotal[]> {
  const all = [...known];
  for (;;) {
    const { before, totals } = await chain.totals((all.at(-1)?.height ?? -1) + 1);
    if (before !== (all.at(-1)?.total ?? 0))
      throw new BitorchError(
        'CHAIN_INVALID',
        'the node returned other totals for earlier blocks than before',
      );
    for (const entry of totals) if (entry.height <= height) all.push(entry);
    if (totals.length < MAX_TOTALS_ASKED || totals.at(-1)!.height >= height) return all;
  }
}
