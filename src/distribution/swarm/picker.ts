import type { Bitfield } from './bitfield.ts';

/** Priority classes are small whole numbers, 0 first; beyond this one they are all the same. */
export const LAST_CLASS = 15;
const UNWANTED = 255;
const NOWHERE = -1;

/**
 * Chooses what to fetch next: the earliest class first, in it the rarest piece, ties at random. Pieces that may be
 * chosen lie in one bucket for each class and number of peers that have them, so that nothing is ever sorted and
 * every change takes constant time.
 */
export class Picker {
  readonly #availability: Uint16Array;
  readonly #class: Uint8Array;
  /** 1 for pieces that are being fetched or here. */
  readonly #taken: Uint8Array;
  /** Place of each piece in its bucket. */
  readonly #place: Int32Array;
  readonly #buckets: number[][][] = [];
  readonly #random: () => number;

  constructor(pieceCount: number, random: () => number = Math.random) {
    this.#availability = new Uint16Array(pieceCount);
    this.#class = new Uint8Array(pieceCount).fill(UNWANTED);
    this.#taken = new Uint8Array(pieceCount);
    this.#place = new Int32Array(pieceCount).fill(NOWHERE);
    this.#random = random;
  }

  isWanted(index: number): boolean {
    return this.#class[index] !== UNWANTED;
  }

  classOf(index: number): number {
    return this.#class[index]!;
  }

  /** Wants a piece; an earlier class that it already has stands. */
  want(index: number, priority: number): void {
    const wanted = Math.min(priority, LAST_CLASS);
    if (this.#class[index]! <= wanted) return;
    this.#remove(index);
    this.#class[index] = wanted;
    this.#insert(index);
  }

  /** One more peer has the piece. */
  gained(index: number): void {
    this.#move(index, 1);
  }

  /** One peer less has the piece. */
  lost(index: number): void {
    this.#move(index, -1);
  }

  /** Takes the piece out of what is chosen from: somebody fetches it, or it is here. */
  take(index: number): void {
    this.#remove(index);
    this.#taken[index] = 1;
  }

  /** Puts a taken piece back. */
  release(index: number): void {
    this.#taken[index] = 0;
    this.#insert(index);
  }

  /** Takes the best of the pieces in `has` that `mayTake` allows, of class `last` at most; undefined when there is none. */
  pick(
    has: Bitfield,
    last = LAST_CLASS,
    mayTake: (index: number) => boolean = () => true,
  ): number | undefined {
    for (let priority = 0; priority <= last; priority++) {
      const buckets = this.#buckets[priority] ?? [];
      for (let peers = 1; peers < buckets.length; peers++) {
        const index = this.#choose(buckets[peers]!, has, mayTake);
        if (index === undefined) continue;
        this.take(index);
        return index;
      }
    }
    return undefined;
  }

  #choose(bucket: number[], has: Bitfield, mayTake: (index: number) => boolean): number | undefined {
    const start = Math.floor(this.#random() * bucket.length);
    for (let step = 0; step < bucket.length; step++) {
      const index = bucket[(start + step) % bucket.length]!;
      if (has.has(index) && mayTake(index)) return index;
    }
    return undefined;
  }

  #move(index: number, by: number): void {
    this.#remove(index);
    this.#availability[index]! += by;
    this.#insert(index);
  }

  #insert(index: number): void {
    const priority = this.#class[index]!;
    if (priority === UNWANTED || this.#taken[index] === 1) return;
    this.#buckets[priority] ??= [];
    const buckets = this.#buckets[priority];
    const availability = this.#availability[index]!;
    while (buckets.length <= availability) buckets.push([]);
    this.#place[index] = buckets[availability]!.push(index) - 1;
  }

  #remove(index: number): void {
    const place = this.#place[index]!;
    if (place === NOWHERE) return;
    const bucket = this.#buckets[this.#class[index]!]![this.#availability[index]!]!;
    const last = bucket.pop()!;
    if (last !== index) {
      bucket[place] = last;
      this.#place[last] = place;
    }
    this.#place[index] = NOWHERE;
  }
}
