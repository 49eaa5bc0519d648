import { BitorchError } from '#base';

/** A peer that asks for a slot, and its origin (`Host.originOf`). */
export interface SlotHolder {
  readonly peer: string;
  readonly origin: string;
}

/** One of the slots, held by a peer until it is released or reclaimed. */
export class Slot {
  readonly slot: number;
  readonly holder: SlotHolder;
  readonly #now: () => number;
  readonly #end = new AbortController();
  #busy = false;
  #usedAt: number;

  constructor(slot: number, holder: SlotHolder, now: () => number) {
    this.slot = slot;
    this.holder = holder;
    this.#now = now;
    this.#usedAt = now();
  }

  /** Aborts with PLACE_RECLAIMED when another peer gets the slot; the holder must not use it afterwards. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** When the slot was last used, in milliseconds; a slot in use is never idle. */
  get usedAt(): number {
    return this.#busy ? Number.POSITIVE_INFINITY : this.#usedAt;
  }

  begin(): void {
    this.#busy = true;
  }

  done(): void {
    this.#busy = false;
    this.#usedAt = this.#now();
  }

  reclaim(): void {
    const message = 'the place went to a peer that holds fewer: try again in a moment';
    this.#end.abort(new BitorchError('PLACE_RECLAIMED', message));
  }
}

/**
 * A fixed number of slots for untrusted peers, first come first served while some are free. When all are taken, a newcomer
 * gets one that was idle for `idleMs`, or else one from the peer or origin that holds at least two more than the newcomer:
 * a slot beyond an equal share is only borrowed.
 */
export class FairSlots {
  readonly #idleMs: number;
  readonly #now: () => number;
  readonly #free: number[];
  readonly #taken = new Set<Slot>();

  constructor(options: { count: number; idleMs: number; now?: () => number }) {
    this.#idleMs = options.idleMs;
    this.#now = options.now ?? (() => performance.now());
    this.#free = Array.from({ length: options.count }, (_, slot) => slot);
  }

  get free(): number {
    return this.#free.length;
  }

  /** Undefined when no slot is free and none can be reclaimed. */
  take(holder: SlotHolder): Slot | undefined {
    if (this.#free.length === 0) this.#reclaimFor(holder);
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    const place = new Slot(slot, holder, this.#now);
    this.#taken.add(place);
    return place;
  }

  /** Frees a slot. Does nothing when it is already free or reclaimed. */
  release(place: Slot): void {
    if (this.#taken.delete(place)) this.#free.push(place.slot);
  }

  #reclaimFor(newcomer: SlotHolder): void {
    const idle = [...this.#taken].filter((place) => this.#now() - place.usedAt >= this.#idleMs);
    const victim = longestIdle(idle) ?? longestIdle(this.#mostBorrowed(newcomer));
    if (!victim) return;
    victim.reclaim();
    this.release(victim);
  }

  /** The slots of the peer or origin that holds most beyond the newcomer's share. */
  #mostBorrowed(newcomer: SlotHolder): Slot[] {
    const excess = ({ holder }: Slot) =>
      Math.max(
        this.#held('peer', holder) - this.#held('peer', newcomer),
        this.#held('origin', holder) - this.#held('origin', newcomer),
      );
    const places = [...this.#taken];
    const most = Math.max(2, ...places.map(excess));
    return places.filter((place) => excess(place) === most);
  }

  #held(by: keyof SlotHolder, holder: SlotHolder): number {
    return [...this.#taken].filter((place) => place.holder[by] === holder[by]).length;
  }
}

const longestIdle = (places: readonly Slot[]): Slot | undefined =>
  places.toSorted((a, b) => a.usedAt - b.usedAt)[0];
