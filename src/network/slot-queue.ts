import { Admission, BitorchError, type Place } from '#base';
import { FairSlots, groupsOf, type Slot, type SlotHolder } from './fair-slots.ts';

/** Where a waiting peer stands. */
export interface QueuePosition {
  /** 1: it gets the next free slot. */
  readonly position: number;
  /** Time until then in ms; null while no slot has been released yet. */
  readonly estimateMs: number | null;
}

interface Waiter extends Place {
  readonly holder: SlotHolder;
  readonly granted: PromiseWithResolvers<Slot>;
  readonly onPosition: (position: QueuePosition) => void;
  told: number;
}

/** Peers that wait, by site, origin and peer id. */
const MAX_WAITING = { total: 256, groups: [128, 128, 16] };
/** How often waiting peers hear of their position, and idle slots are given to them, in ms. */
const TICK_MS = 1_000;
/** Weight of the latest slot in the average time that slots are held. */
const LATEST = 0.2;

/**
 * Slots that peers can wait for. A free slot goes to the waiting peer whose address and identity hold the fewest; of equal
 * ones to the one that came first. While peers wait, nobody gets a slot ahead of them.
 */
export class SlotQueue {
  readonly #slots: FairSlots;
  readonly #count: number;
  readonly #now: () => number;
  readonly #taken = new Map<Slot, number>();
  readonly #waiting: Waiter[] = [];
  readonly #places = new Admission<Waiter>(MAX_WAITING);
  #heldMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({
    now = () => performance.now(),
    ...options
  }: {
    count: number;
    idleMs: number;
    now?: () => number;
  }) {
    this.#slots = new FairSlots({ ...options, now });
    this.#count = options.count;
    this.#now = now;
  }

  get free(): number {
    return this.#slots.free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Undefined when others wait, or no slot is free and none can be reclaimed. */
  take(holder: SlotHolder): Slot | undefined {
    return this.#waiting.length > 0 ? undefined : this.#give(holder);
  }

  /**
   * Waits for a slot. `onPosition` hears where the peer stands, at most once a second. Throws STAGE_BUSY when too many wait,
   * or the reason of `signal`.
   */
  async wait(
    holder: SlotHolder,
    signal: AbortSignal,
    onPosition: (position: QueuePosition) => void,
  ): Promise<Slot> {
    signal.throwIfAborted();
    const waiter = this.#enter(holder, onPosition);
    const leave = () => waiter.granted.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      this.#serve();
      return await waiter.granted.promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#leave(waiter);
    }
  }

  /** Frees a slot. Does nothing when it is already free or reclaimed. */
  release(slot: Slot): void {
    const since = this.#taken.get(slot);
    if (since !== undefined) {
      const heldMs = this.#now() - since;
      this.#heldMs = this.#heldMs === undefined ? heldMs : this.#heldMs + LATEST * (heldMs - this.#heldMs);
      this.#taken.delete(slot);
    }
    this.#slots.release(slot);
    this.#serve();
  }

  #give(holder: SlotHolder): Slot | undefined {
    const slot = this.#slots.take(holder);
    if (slot) this.#taken.set(slot, this.#now());
    return slot;
  }

  #enter(holder: SlotHolder, onPosition: (position: QueuePosition) => void): Waiter {
    const groups = groupsOf(holder);
    if (!this.#places.hasRoom(groups)) {
      const last = this.#places.evictable(groups);
      if (!last) throw tooMany();
      last.granted.reject(tooMany());
      this.#leave(last);
    }
    // Of those that wait for too many slots, the last to come leaves first.
    const worth = -this.#now();
    const granted = Promise.withResolvers<Slot>();
    const waiter: Waiter = { holder, groups, granted, onPosition, isIdle: false, worth, told: 0 };
    this.#places.add(waiter);
    this.#waiting.push(waiter);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return waiter;
  }

  #leave(waiter: Waiter): void {
    if (!this.#places.delete(waiter)) return;
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives slots to those that wait, as long as there are any. */
  #serve(): void {
    for (let next = this.#order()[0]; next; next = this.#order()[0]) {
      const slot = this.#give(next.holder);
      if (!slot) return;
      this.#leave(next);
      next.granted.resolve(slot);
    }
  }

  #tick(): void {
    this.#serve();
    this.#order().forEach((waiter, index) => {
      const position = index + 1;
      if (waiter.told === position) return;
      waiter.told = position;
      waiter.onPosition({ position, estimateMs: this.#estimate(position) });
    });
  }

  #estimate(position: number): number | null {
    return this.#heldMs === undefined ? null : Math.round((this.#heldMs * position) / this.#count);
  }

  #order(): Waiter[] {
    const held = new Map(this.#waiting.map((waiter) => [waiter, this.#slots.heldBy(waiter.holder)]));
    return this.#waiting.toSorted((a, b) => {
      const others = held.get(b)!;
      return (
        held
          .get(a)!
          .map((count, level) => count - others[level]!)
          .find((difference) => difference !== 0) ?? 0
      );
    });
  }
}

const tooMany = (): BitorchError =>
  new BitorchError('STAGE_BUSY', 'too many wait for a session slot: try again in a moment');
