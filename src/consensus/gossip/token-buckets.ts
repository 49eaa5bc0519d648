/** Peers of which is remembered what they have used up. */
const MAX_KNOWN = 1_000;

/** So many of something at once for each peer, and so many more a second. Times in milliseconds. */
export class TokenBuckets {
  readonly #atOnce: number;
  readonly #perSecond: number;
  readonly #used = new Map<string, { count: number; at: number }>();

  constructor({ atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number }) {
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
  }

  /** Takes one, if there is one left. */
  take(id: string, now: number): boolean {
    const { count, at } = this.#used.get(id) ?? { count: 0, at: now };
    const used = Math.max(0, count - ((now - at) / 1_000) * this.#perSecond);
    if (used + 1 > this.#atOnce) return false;
    this.#used.delete(id);
    this.#used.set(id, { count: used + 1, at: now });
    if (this.#used.size > MAX_KNOWN) this.#used.delete(this.#used.keys().next().value!);
    return true;
  }
}
