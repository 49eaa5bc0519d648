import { BitorchError } from '#base';
import { MAX_TOTALS_ASKED, type OutputRecord, type OutputTotal, type TotalsPage, totalAt } from '#ledger';
import type { Roots } from '../application/index.ts';
import type { LightPeer } from './light-peer.ts';

/** Claims that this many outputs were made up to and including this height. */
export interface Edge {
  readonly total: number;
  readonly height: number;
}

/**
 * A node's claims of how many outputs each block made. Decoys are drawn by them, so false ones could steer the draw
 * towards outputs of somebody who then sees through the ring. No hash of the state covers them, but the heights of
 * the outputs on both sides of an edge prove it. Proofs are requested for the edges that draws depend on: those of
 * the blocks that were drawn from, and of the minimum age.
 */
export class ClaimedTotals {
  /** The node that claims it. */
  readonly peer: LightPeer;
  readonly #from: number;
  readonly #before: number;
  readonly #entries: OutputTotal[] = [];
  readonly #roots: Roots;

  /** @param from height of the first block covered; `before` outputs are older */
  constructor(peer: LightPeer, from: number, before: number, roots: Roots) {
    this.peer = peer;
    this.#from = from;
    this.#before = before;
    this.#roots = roots;
  }

  /** The height at which the next page begins. */
  get next(): number {
    return (this.#entries.at(-1)?.height ?? this.#from - 1) + 1;
  }

  /**
   * Adds a page and returns it without what is later than the proven state. Throws CHAIN_INVALID when it
   * contradicts itself.
   */
  add({ before, totals }: TotalsPage): TotalsPage {
    const { height, outputs } = this.#roots;
    let last = { height: this.next - 1, total: this.#entries.at(-1)?.total ?? this.#before };
    const shown = totals.filter((entry) => entry.height <= height);
    let ascends = before === last.total && (this.#from > 0 || this.#before === 0);
    for (const entry of shown) {
      ascends &&= entry.height > last.height && entry.total > last.total;
      last = entry;
    }
    const isLast = totals.length < MAX_TOTALS_ASKED || shown.length < totals.length;
    if (!ascends || (isLast && last.total !== outputs)) throw wrongTotals();
    for (const entry of shown) this.#entries.push(entry);
    return { before, totals: shown };
  }

  /** The edge at which the totals begin, and that of the minimum age. */
  get edges(): Edge[] {
    const { height, parameters } = this.#roots;
    const old = [parameters.maturity, parameters.mintMaturity].map((wait) => height + 1 - wait);
    const heights = [this.#from - 1, ...old.filter((one) => one >= this.#from && one < this.next)];
    return heights.map((one) => ({ height: one, total: this.#upTo(one) }));
  }

  #upTo(height: number): number {
    return totalAt(this.#entries, height) || this.#before;
  }
}

/** Numbers of the outputs on both sides of an edge. */
export const outputsBeside = ({ total }: Edge, { outputs }: Roots): number[] =>
  [total - 1, total].filter((number) => number >= 0 && number < outputs);

/** Throws CHAIN_INVALID when these proven outputs do not confirm the claimed edges. */
export function requireEdges(edges: readonly Edge[], found: ReadonlyMap<number, OutputRecord>): void {
  for (const { total, height } of edges) {
    const [last, next] = [found.get(total - 1), found.get(total)];
    if ((last && last.height > height) || (next && next.height <= height)) throw wrongTotals();
  }
}

const wrongTotals = (): BitorchError =>
  new BitorchError('CHAIN_INVALID', 'the node reports false output counts of blocks');
