/** A place that somebody holds: a session slot, a connection, an examination. */
export interface Place {
  /** The groups that its holder belongs to, from the widest to the narrowest: address, then identity. */
  readonly groups: readonly string[];
  /** Whether it may be taken away from a holder that has no more than its share. */
  readonly isIdle: boolean;
  /** The least useful place is evicted first, of equal ones the one admitted first. Infinity: never. */
  readonly worth: number;
}

export interface AdmissionLimits {
  readonly total: number;
  /** Limits of a single group, in the order of `Place.groups`; without one, a group is bounded by the total only. */
  readonly groups?: readonly number[];
}

/** A place beyond an equal share is only borrowed: whoever holds this many fewer may have it. */
const EXCESS = 2;

/**
 * Shares a fixed number of places among untrusted holders. While some are free, anybody gets one. When all are taken, or
 * those of a group of the newcomer, the newcomer may have an idle one; else one of a holder that has at least two more than
 * itself. Holders are compared in the widest group in which they differ, so that new identities gain an address nothing.
 * Places in use of holders within their share stay.
 *
 * Decides only: the caller closes what it evicts.
 */
export class Admission<P extends Place> {
  readonly #limits: AdmissionLimits;
  readonly #places = new Set<P>();
  /** Number of places by group; the key names the level, too. */
  readonly #held = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#places.size;
  }

  add(place: P): void {
    if (this.#places.has(place)) return;
    this.#places.add(place);
    place.groups.forEach((group, level) => {
      this.#held.set(key(level, group), this.#heldBy(level, group) + 1);
    });
  }

  /** Frees a place; false when it was free already. */
  delete(place: P): boolean {
    if (!this.#places.delete(place)) return false;
    place.groups.forEach((group, level) => {
      const left = this.#heldBy(level, group) - 1;
      if (left > 0) this.#held.set(key(level, group), left);
      else this.#held.delete(key(level, group));
    });
    return true;
  }

  /** Whether a newcomer gets a place without anybody leaving. */
  hasRoom(groups: Place['groups']): boolean {
    return this.#places.size < this.#limits.total && this.#fullLevels(groups).length === 0;
  }

  /** The place that a newcomer gets when there is no room; undefined when nobody has to give way. */
  evictable(groups: Place['groups']): P | undefined {
    const full = this.#fullLevels(groups);
    const [first] = [...this.#places]
      .filter((place) => full.every((level) => place.groups[level] === groups[level]))
      .map((place) => ({
        place,
        isIdle: place.isIdle,
        excess: this.#excess(place, groups),
        worth: place.worth,
      }))
      .filter(({ isIdle, excess, worth }) => worth < Infinity && (isIdle || excess >= EXCESS))
      .sort((a, b) => Number(b.isIdle) - Number(a.isIdle) || b.excess - a.excess || a.worth - b.worth);
    return first?.place;
  }

  /** Of several groups at a level, the one that holds fewest places. */
  leastHeld(level: number, groups: readonly string[]): string | undefined {
    const held = groups.map((group) => ({ group, count: this.#heldBy(level, group) }));
    return held.sort((a, b) => a.count - b.count)[0]?.group;
  }

  /** Whether its holder has so many more places than a newcomer that it has to give this one up for it. */
  isBorrowed(place: P, newcomer: Place['groups']): boolean {
    return this.#excess(place, newcomer) >= EXCESS;
  }

  /** How many more places the holder has, in the widest group in which it differs from the newcomer. */
  #excess({ groups }: P, newcomer: Place['groups']): number {
    const level = groups.findIndex((group, index) => group !== newcomer[index]);
    const [own, other] = [groups[level], newcomer[level]];
    if (own === undefined || other === undefined) return 0;
    return this.#heldBy(level, own) - this.#heldBy(level, other);
  }

  /** Levels at which the group of a newcomer has all the places it may have. */
  #fullLevels(groups: Place['groups']): number[] {
    return groups.flatMap((group, level) =>
      this.#heldBy(level, group) >= (this.#limits.groups?.[level] ?? Infinity) ? [level] : [],
    );
  }

  /** Places held by each group. */
  heldBy(groups: Place['groups']): number[] {
    return groups.map((group, level) => this.#heldBy(level, group));
  }

  #heldBy(level: number, group: string): number {
    return this.#held.get(key(level, group)) ?? 0;
  }
}

const key = (level: number, group: string): string => `${level} ${group}`;
