import { backoffMs, dropOldest } from '#base';

/** Length of a ban; doubled for each offence that is not forgotten yet. */
const BAN = { firstMs: 10_000, lastMs: 3_600_000 };
/** Time after which an offence counts half. */
const HALF_LIFE_MS = 600_000;
const MAX_KNOWN = 1_000;

interface Record {
  until: number;
  /** Offences, weighted by their age. */
  count: number;
  at: number;
}

/** Peers that are banned for a while. Times in ms, from any monotonic clock. */
export class Bans {
  readonly #known = new Map<string, Record>();

  /** Records an offence; returns the length of the ban in ms. */
  add(id: string, now: number): number {
    const before = this.#known.get(id);
    const remembered = before ? before.count * 2 ** ((before.at - now) / HALF_LIFE_MS) : 0;
    const ms = backoffMs(BAN, remembered + 1);
    this.#known.delete(id);
    this.#known.set(id, { until: now + ms, count: remembered + 1, at: now });
    dropOldest(this.#known, MAX_KNOWN);
    return ms;
  }

  has(id: string, now: number): boolean {
    return (this.#known.get(id)?.until ?? Number.NEGATIVE_INFINITY) > now;
  }
}
