import { backoffMs, dropOldest } from '#base';

/** How long a node is avoided after one failure; each further one doubles it. */
const AVOIDED = { firstMs: 30_000, lastMs: 3_600_000 };
/** How long a node that was busy counts as less useful than others: so long hardly any slot stays taken. */
const BUSY_MS = 2_000;
const MAX_NODES = 1024;

interface Failures {
  count: number;
  until: number;
}

/**
 * Which nodes have lately spoiled a session or an audit of this node's, so that it plans around them while there is another
 * way. Nobody else is told: it is no proof, and takes nothing from anybody.
 */
export class FailureMemory {
  readonly #now: () => number;
  /** The latest failure last. */
  readonly #nodes = new Map<string, Failures>();
  /** Until when a node counts as busy. */
  readonly #busy = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  note(id: string, weight = 1): void {
    const count = (this.#nodes.get(id)?.count ?? 0) + weight;
    this.#nodes.delete(id);
    const until = this.#now() + backoffMs(AVOIDED, count);
    this.#nodes.set(id, { count, until });
    dropOldest(this.#nodes, MAX_NODES);
  }

  /** A node that is busy has failed nobody, but another one may be free. */
  noteBusy(id: string): void {
    this.#busy.delete(id);
    this.#busy.set(id, this.#now() + BUSY_MS);
    dropOldest(this.#busy, MAX_NODES);
  }

  /** How much a node is to be avoided now: 0 for not at all, less than 1 for a moment. */
  avoidance(id: string): number {
    const busy = this.#now() < (this.#busy.get(id) ?? 0) ? 0.5 : 0;
    const failures = this.#nodes.get(id);
    if (!failures) return busy;
    if (this.#now() - failures.until > AVOIDED.lastMs) this.#nodes.delete(id);
    return busy + (this.#now() < failures.until ? failures.count : 0);
  }
}
