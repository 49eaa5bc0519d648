/** Repeatable chance: the seed is printed, so that a failure can be had again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Mulberry32: a whole number below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  chance = (oneIn: number): boolean => this.below(oneIn) === 0;
  pick = <T>(list: readonly T[]): T => list[this.below(list.length)]!;
  between = (low: number, high: number): number => low + this.below(high - low + 1);
  bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => this.below(256));
  word = (length = this.between(3, 9)): string =>
    Array.from({ length }, () => String.fromCharCode(97 + this.below(26))).join('');

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item): [number, T] => [this.below(1 << 30), item])
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}
