/** Most nodes remembered, in all and per address group. */
const MAX_MET = 40;
const MAX_OF_GROUP = 4;
/** Of these, slots for the latest arrivals; the others are kept by how long they were connected. */
const NEWCOMERS = 8;
/** How long a node is remembered after its last connection, in ms. */
const MET_MS = 3_600_000;

interface Met {
  /** Address group: its nodes are assumed to belong to one party. */
  readonly group: string;
  readonly cameAt: number;
  /** Total time that it was connected, in ms. */
  known: number;
  lastAt: number;
}

/**
 * The nodes of the chain that were met recently. A node that was connected for long is kept, however many come
 * after it: any number of strangers compete for the slots of the latest arrivals, and one address group has few
 * slots. Times in ms, from a monotonic clock.
 */
export class MetNodes {
  readonly #all = new Map<string, Met>();
  #noted: number | undefined;

  get ids(): string[] {
    return [...this.#all.keys()];
  }

  add(id: string, group: string, now: number): void {
    if (this.#all.has(id)) return;
    this.#all.set(id, { group, cameAt: now, known: 0, lastAt: now });
    const entries = [...this.#all];
    this.#evict(
      entries.filter(([, met]) => met.group === group),
      MAX_OF_GROUP,
    );
    this.#evict([...this.#all].slice(0, -NEWCOMERS), MAX_MET - NEWCOMERS);
  }

  /** Records which nodes are connected now; call it often. */
  note(connected: ReadonlySet<string>, now: number): void {
    const passed = now - (this.#noted ?? now);
    this.#noted = now;
    for (const [id, met] of this.#all) {
      if (connected.has(id)) {
        met.known += Math.min(passed, now - met.cameAt);
        met.lastAt = now;
      } else if (now - met.lastAt > MET_MS) this.#all.delete(id);
    }
  }

  /**
   * If there are more than `most`, forgets the one that was connected for the shortest time; of equals the newest.
   */
  #evict(some: readonly (readonly [string, Met])[], most: number): void {
    if (some.length <= most) return;
    const shortest = Math.min(...some.map(([, { known }]) => known));
    this.#all.delete(some.findLast(([, { known }]) => known === shortest)![0]);
  }
}
