/** Nodes that are remembered: in all, and of one address group. */
const MAX_MET = 40;
const MAX_OF_GROUP = 4;
/** Of all, those that came last: the others hold their places by how long they have been there. */
const NEWCOMERS = 8;
/** How long after it was last connected a node is remembered. */
const MET_MS = 3_600_000;

interface Met {
  /** Who shares its line: nodes of one address group are thought to be one party. */
  readonly group: string;
  readonly cameAt: number;
  /** Milliseconds that it was connected, in all. */
  known: number;
  lastAt: number;
}

/**
 * The nodes of the chain that were met lately. Who was connected long stays, however many come after it: strangers in any
 * number share the places of the newcomers, and those of one address group have few. Times from a clock that only goes on.
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
    this.#leaveOne(
      entries.filter(([, met]) => met.group === group),
      MAX_OF_GROUP,
    );
    this.#leaveOne([...this.#all].slice(0, -NEWCOMERS), MAX_MET - NEWCOMERS);
  }

  /** Notes who is connected now; call it often. */
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

  /** Of more than `most`, the one that was connected for the shortest time is forgotten; of equals the newest. */
  #leaveOne(some: readonly (readonly [string, Met])[], most: number): void {
    if (some.length <= most) return;
    const shortest = Math.min(...some.map(([, { known }]) => known));
    this.#all.delete(some.findLast(([, { known }]) => known === shortest)![0]);
  }
}
