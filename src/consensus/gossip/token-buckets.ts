import { dropOldest } from '#base';

/** Peers whose use is remembered. */
const MAX_KNOWN = 1_000;

/** A token bucket per peer: bursts of `atOnce`, refilled at `perSecond`. Times in ms. */
export class TokenBuckets {
  readonly #atOnce: number;
  readonly #perSecond: number;
  readonly #used = new Map<string, { count: number; at: number }>();

  constructor({ atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number }) {
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
  }

  /** Takes a token if one is left. */
  take(id: string, now: number): boolean {
    const { count, at } = this.#used.get(id) ?? { count: 0, at: now };
    const used = Math.max(0, count - ((now - at) / 1_000) * this.#perSecond);
    if (used + 1 > this.#atOnce) return false;
    this.#used.delete(id);
    this.#used.set(id, { count: used + 1, at: now });
    dropOldest(this.#used, MAX_KNOWN);
    return true;
  }
}
