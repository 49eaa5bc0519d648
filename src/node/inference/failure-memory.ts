import { backoffMs, dropOldest } from '#base';

/** How long a node is avoided after one failure; each further one doubles it. */
const AVOIDED = { firstMs: 30_000, lastMs: 3_600_000 };
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

  /** How much a node is to be avoided now: 0 for not at all. */
  avoidance(id: string): number {
    const failures = this.#nodes.get(id);
    if (!failures) return 0;
    if (this.#now() - failures.until > AVOIDED.lastMs) this.#nodes.delete(id);
    return this.#now() < failures.until ? failures.count : 0;
  }
}
