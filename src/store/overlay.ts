import { keyText } from './keys.ts';
import { SortedMap } from './sorted-map.ts';
import type { Change, Entry, KeyRange, ReadView, WriteView } from './view.ts';

/** Writes buffered in memory over an unchanged view: a draft of a commit that can be discarded. */
export class Overlay implements WriteView {
  readonly #base: ReadView;
  readonly #written = new SortedMap<Change>();

  constructor(base: ReadView) {
    this.#base = base;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (!this.#written.hasPart(key[0]!)) return this.#base.get(key);
    const written = this.#written.get(keyText(key));
    return written ? written.value : this.#base.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#written.set(keyText(key), { key, value });
  }

  delete(key: Uint8Array): void {
    this.#written.set(keyText(key), { key, value: undefined });
  }

  /** Keys written after the iteration began are not included. */
  *range({ from, to, reverse = false }: KeyRange): Iterable<Entry> {
    const written = this.#written.keys(from, to, reverse)[Symbol.iterator]();
    const before = (a: string, b: string) => (reverse ? a > b : a < b);
    let next = written.next();
    for (const entry of this.#base.range({ from, to, reverse })) {
      const text = keyText(entry.key);
      for (; !next.done && before(next.value, text); next = written.next()) yield* this.#entryOf(next.value);
      if (next.done || next.value !== text) yield entry;
    }
    for (; !next.done; next = written.next()) yield* this.#entryOf(next.value);
  }

  /** Writes to keys whose first byte is at least `from`, ordered by key. */
  changes(from = 0): Change[] {
    return this.#written.values(from);
  }

  /** Merges the writes of an overlay on top of this one. */
  absorb(upper: Overlay): void {
    for (const [text, change] of upper.#written.entries()) this.#written.set(text, change);
  }

  /** The entry of a written key as a list; empty if the key was deleted. */
  #entryOf(text: string): Entry[] {
    const { key, value } = this.#written.get(text)!;
    return value === undefined ? [] : [{ key, value }];
  }
}
