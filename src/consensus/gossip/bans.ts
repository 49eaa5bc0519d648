/** How long the first offence costs; twice as long for each that is not forgotten yet. */
const BAN_MS = 10_000;
const MAX_BAN_MS = 3_600_000;
/** In this time half of what a peer did is forgotten. */
const HALF_LIFE_MS = 600_000;
const MAX_KNOWN = 1_000;

interface Record {
  until: number;
  /** Offences, those of the past counting less and less. */
  count: number;
  at: number;
}

/** Whom not to deal with for a while. Times in milliseconds, from any clock that only goes on. */
export class Bans {
  readonly #known = new Map<string, Record>();

  /** Adds an offence; returns for how many milliseconds the peer is banned. */
  add(id: string, now: number): number {
    const before = this.#known.get(id);
    const remembered = before ? before.count * 2 ** ((before.at - now) / HALF_LIFE_MS) : 0;
    const ms = Math.min(MAX_BAN_MS, BAN_MS * 2 ** remembered);
    this.#known.delete(id);
    this.#known.set(id, { until: now + ms, count: remembered + 1, at: now });
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return ms;
  }

  has(id: string, now: number): boolean {
    return (this.#known.get(id)?.until ?? Number.NEGATIVE_INFINITY) > now;
  }
}
