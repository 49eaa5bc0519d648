/** An entry of the index. Ties are ordered by ascending name, so that all nodes have the same order. */
export interface Rated {
  /** Fee per unit of weight, in millionths of a spark. */
  readonly rate: bigint;
  readonly name: string;
}

/** Maximum entries per run, so an insertion moves at most this many. */
const RUN = 256;

/**
 * Entries by descending rate, in runs of bounded length: insertion, removal and finding either end touch one run, however
 * many entries there are.
 */
export class RateIndex<T extends Rated> {
  #runs: T[][] = [];

  insert(entry: T): void {
    const at = this.#runFor(entry);
    const run = this.#runs[at] ?? [];
    if (this.#runs.length === 0) this.#runs.push(run);
    run.splice(lowerBound(run, entry), 0, entry);
    if (run.length > RUN) this.#runs.splice(at + 1, 0, run.splice(RUN >> 1));
  }

  /** Does nothing when the entry is not in the index. */
  delete(entry: Rated): void {
    const at = this.#runFor(entry);
    const run = this.#runs[at];
    if (!run) return;
    const place = lowerBound(run, entry);
    if (run[place]?.name !== entry.name) return;
    run.splice(place, 1);
    if (run.length === 0) this.#runs.splice(at, 1);
  }

  /** Highest rate first. Do not change the index while iterating. */
  *descending(): Generator<T> {
    for (const run of this.#runs) yield* run;
  }

  /** Lowest rate first. Do not change the index while iterating. */
  *ascending(): Generator<T> {
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const run = this.#runs[i]!;
      for (let j = run.length - 1; j >= 0; j--) yield run[j]!;
    }
  }

  /** Index of the first run whose last entry is not before `entry`, or of the last run. */
  #runFor(entry: Rated): number {
    let [low, high] = [0, Math.max(0, this.#runs.length - 1)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(this.#runs[middle]!.at(-1)!, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether `a` is ordered before `b`. */
export const before = (a: Rated, b: Rated): boolean =>
  a.rate === b.rate ? a.name < b.name : a.rate > b.rate;

function lowerBound(run: readonly Rated[], entry: Rated): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(run[middle]!, entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}
