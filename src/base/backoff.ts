/** Pauses after failures, in ms: the first one, and the longest. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The pause after a number of failures in a row (1 or more), in ms: it doubles with each one, up to `lastMs`. */
export const backoffMs = ({ firstMs, lastMs }: BackoffLimits, failures: number): number =>
  Math.min(lastMs, firstMs * 2 ** (failures - 1));

/** Share of a pause by which it is lengthened or shortened at random. */
const JITTER = 0.25;

interface Attempts {
  failures: number;
  until: number;
}

/**
 * When failed operations may be retried, by id: after pauses that grow with each failure in a row. Pauses vary at random, so
 * that many nodes that lost one peer do not dial it in step. Times in ms, from a monotonic clock.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  readonly #attempts = new Map<string, Attempts>();

  /** `random`: a number from 0 to 1. */
  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  isOver(id: string, now: number): boolean {
    return this.dueAt(id) <= now;
  }

  /** When the next attempt is due; 0, which is past, for an id without failures. */
  dueAt(id: string): number {
    return this.#attempts.get(id)?.until ?? 0;
  }

  /** An attempt is in progress: no other is due until it has failed. */
  begin(id: string): void {
    const { failures = 0 } = this.#attempts.get(id) ?? {};
    this.#attempts.set(id, { failures, until: Number.POSITIVE_INFINITY });
  }

  /** Records a failed attempt; `limits` applies to this pause in place of the usual ones. */
  failed(id: string, now: number, limits = this.#limits): void {
    const failures = (this.#attempts.get(id)?.failures ?? 0) + 1;
    const ms = backoffMs(limits, failures) * (1 - JITTER + 2 * JITTER * this.#random());
    this.#attempts.set(id, { failures, until: now + ms });
  }

  /** The next attempt is due at once, and the pause is short again. */
  forget(id: string): void {
    this.#attempts.delete(id);
  }

  /** Forgets all ids but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#attempts.keys()) if (!ids.has(id)) this.#attempts.delete(id);
  }
}
