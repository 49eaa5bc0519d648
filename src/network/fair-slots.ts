import { Admission, BitorchError, type Place } from '#base';
import { siteOf } from './dialable.ts';

/** A peer that asks for a slot, and its origin (`Host.originOf`). */
export interface SlotHolder {
  readonly peer: string;
  readonly origin: string;
}

/** One of the slots, held by a peer until it is released or reclaimed. */
export class Slot implements Place {
  readonly slot: number;
  readonly holder: SlotHolder;
  readonly #idleMs: number;
  readonly #now: () => number;
  readonly #end = new AbortController();
  #busy = false;
  #usedAt: number;

  constructor(slot: number, holder: SlotHolder, clock: { idleMs: number; now: () => number }) {
    this.slot = slot;
    this.holder = holder;
    this.#idleMs = clock.idleMs;
    this.#now = clock.now;
    this.#usedAt = clock.now();
  }

  /** Aborts with PLACE_RECLAIMED when another peer gets the slot; the holder must not use it afterwards. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get groups(): readonly string[] {
    return groupsOf(this.holder);
  }

  get isIdle(): boolean {
    return !this.#busy && this.#now() - this.#usedAt >= this.#idleMs;
  }

  get worth(): number {
    return this.#busy ? Number.MAX_VALUE : this.#usedAt;
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

/** A fixed number of numbered slots that untrusted peers share by `Admission`. A slot is idle after `idleMs` without use. */
export class FairSlots {
  readonly #clock: { idleMs: number; now: () => number };
  readonly #free: number[];
  readonly #taken: Admission<Slot>;

  constructor(options: { count: number; idleMs: number; now?: () => number }) {
    this.#clock = { idleMs: options.idleMs, now: options.now ?? (() => performance.now()) };
    this.#free = Array.from({ length: options.count }, (_, slot) => slot);
    this.#taken = new Admission({ total: options.count });
  }

  get free(): number {
    return this.#free.length;
  }

  /** Slots held by the site, the origin and the identity of a peer. */
  heldBy(holder: SlotHolder): number[] {
    return this.#taken.heldBy(groupsOf(holder));
  }

  /** Undefined when no slot is free and none can be reclaimed. */
  take(holder: SlotHolder): Slot | undefined {
    if (this.#free.length === 0) this.#reclaimFor(holder);
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    const taken = new Slot(slot, holder, this.#clock);
    this.#taken.add(taken);
    return taken;
  }

  /** Frees a slot. Does nothing when it is already free or reclaimed. */
  release(slot: Slot): void {
    if (this.#taken.delete(slot)) this.#free.push(slot.slot);
  }

  #reclaimFor(newcomer: SlotHolder): void {
    const slot = this.#taken.evictable(groupsOf(newcomer));
    if (!slot) return;
    slot.reclaim();
    this.release(slot);
  }
}

/** Site, origin and identity of a peer. */
export const groupsOf = ({ origin, peer }: SlotHolder): string[] => [siteOf(origin), origin, peer];
