const FIRST_MS = 500;
const MAX_MS = 15_000;

/** When a failed operation may be retried: after a pause that grows with each failure. Times in ms, monotonic clock. */
export class Backoff {
  readonly #pauses = new Map<string, { until: number; ms: number }>();

  isOver(id: string, now: number): boolean {
    return (this.#pauses.get(id)?.until ?? now) <= now;
  }

  /** An attempt is in progress: no other is due until it has failed. */
  begin(id: string): void {
    this.#pauses.set(id, { until: Number.POSITIVE_INFINITY, ms: this.#pauses.get(id)?.ms ?? FIRST_MS });
  }

  failed(id: string, now: number): void {
    const ms = this.#pauses.get(id)?.ms ?? FIRST_MS;
    this.#pauses.set(id, { until: now + ms, ms: Math.min(MAX_MS, ms * 1.5) });
  }

  /** The next attempt is due at once, and the pause is short again. */
  forget(id: string): void {
    this.#pauses.delete(id);
  }

  /** Forgets all ids but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#pauses.keys()) if (!ids.has(id)) this.#pauses.delete(id);
  }
}
