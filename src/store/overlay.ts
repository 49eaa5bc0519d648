import { keyBytes, keyText } from './keys.ts';
import { SortedMap } from './sorted-map.ts';
import type { Change, Entry, KeyRange, ReadView, WriteView } from './view.ts';

/** Writes kept in memory over a view that stays as it is: the draft of a commit, which can be thrown away. */
export class Overlay implements WriteView {
  readonly #base: ReadView;
  readonly #written = new SortedMap<Uint8Array | undefined>();

  constructor(base: ReadView) {
    this.#base = base;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const text = keyText(key);
    return this.#written.has(text) ? this.#written.get(text) : this.#base.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#written.set(keyText(key), value);
  }

  delete(key: Uint8Array): void {
    this.#written.set(keyText(key), undefined);
  }

  /** Keys written after the iteration began do not show. */
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

  /** What was written, ordered by key. */
  changes(): Change[] {
    const texts = [...this.#written.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    return texts.map(([text, value]) => ({ key: keyBytes(text), value }));
  }

  /** Takes over the writes of an overlay that lies on this one. */
  absorb(upper: Overlay): void {
    for (const [text, value] of upper.#written.entries()) this.#written.set(text, value);
  }

  /** The entry at a key that was written, or none where it was deleted. */
  #entryOf(text: string): Entry[] {
    const value = this.#written.get(text);
    return value === undefined ? [] : [{ key: keyBytes(text), value }];
  }
}
