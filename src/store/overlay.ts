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

  /** The range as it was when the iteration began; writes made meanwhile do not show. */
  *range({ from, to, reverse = false }: KeyRange): Iterable<Entry> {
    const written = this.#written.keys(from, to).map((key) => [key, this.#written.get(key)] as const);
    if (reverse) written.reverse();
    const before = (a: string, b: string) => (reverse ? a > b : a < b);
    let at = 0;
    for (const entry of this.#base.range({ from, to, reverse })) {
      const text = keyText(entry.key);
      while (at < written.length && before(written[at]![0], text)) yield* entryOf(written[at++]!);
      if (written[at]?.[0] === text) yield* entryOf(written[at++]!);
      else yield entry;
    }
    while (at < written.length) yield* entryOf(written[at++]!);
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
}

function entryOf([text, value]: readonly [string, Uint8Array | undefined]): Entry[] {
  return value === undefined ? [] : [{ key: keyBytes(text), value }];
}
