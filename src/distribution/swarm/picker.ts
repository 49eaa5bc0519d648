import type { Bitfield } from './bitfield.ts';

/** Priority classes are small integers, 0 first; larger ones are treated as this one. */
export const LAST_CLASS = 15;
const UNWANTED = 255;
const NOWHERE = -1;

/**
 * Chooses the next piece: lowest class first, then the rarest, ties at random. Candidates lie in one bucket per class and
 * availability, so that nothing is sorted and every update takes constant time.
 */
export class Picker {
  readonly #availability: Uint16Array;
  readonly #class: Uint8Array;
  /** 1 for pieces that are being downloaded or are complete. */
  readonly #taken: Uint8Array;
  /** Index of each piece in its bucket. */
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

  /** Marks a piece as wanted; an earlier class it already has is kept. */
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

  /** One peer fewer has the piece. */
  lost(index: number): void {
    this.#move(index, -1);
  }

  /** Removes a piece from the candidates: it is being downloaded, or complete. */
  take(index: number): void {
    this.#remove(index);
    this.#taken[index] = 1;
  }

  /** Returns a taken piece to the candidates. */
  release(index: number): void {
    this.#taken[index] = 0;
    this.#insert(index);
  }

  /** Takes the best piece in `has` of class `last` or lower that `mayTake` allows; undefined when there is none. */
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
