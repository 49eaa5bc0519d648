import { keyText, lowerBound } from './keys.ts';

/**
 * A map from key texts to `T` with ordered ranges. Keys are sorted lazily, when a range is requested, in parts by first byte,
 * so that many writes to one bucket do not slow down ranges of another.
 */
export class SortedMap<T> {
  readonly #values = new Map<string, T>();
  readonly #parts = new Map<string, { keys: Set<string>; sorted: string[] | undefined }>();

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: T): void {
    if (!this.#values.has(key)) {
      const part = this.#partOf(key);
      part.keys.add(key);
      part.sorted = undefined;
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const part = this.#partOf(key);
    part.keys.delete(key);
    part.sorted = undefined;
  }

  clear(): void {
    this.#values.clear();
    this.#parts.clear();
  }

  /** Whether any key begins with this byte. */
  hasPart(byte: number): boolean {
    return this.#parts.has(String.fromCharCode(byte));
  }

  /** Values in key order, of keys whose first byte is at least `from`. */
  values(from: number): T[] {
    const names = [...this.#parts.keys()].filter((name) => name.charCodeAt(0) >= from).sort();
    return names.flatMap((name) => this.#sorted(name).map((key) => this.#values.get(key)!));
  }

  /** The keys of `[from, to)` in order, as they were when the first one was requested. */
  *keys(from: Uint8Array, to: Uint8Array, reverse: boolean): Iterable<string> {
    const [low, high] = [keyText(from), keyText(to)];
    const first = low.slice(0, 1);
    const names = [...this.#parts.keys()].filter((name) => name >= first && name <= high).sort();
    const parts = (reverse ? names.reverse() : names).map((name) => this.#sorted(name));
    for (const keys of parts) {
      const [start, end] = [lowerBound(keys, low), lowerBound(keys, high)];
      for (let i = 0; i < end - start; i++) yield keys[reverse ? end - 1 - i : start + i]!;
    }
  }

  /** Never changed in place, so that writes do not disturb an iteration. */
  #sorted(name: string): readonly string[] {
    const part = this.#parts.get(name)!;
    part.sorted ??= [...part.keys].sort();
    return part.sorted;
  }

  #partOf(key: string): { keys: Set<string>; sorted: string[] | undefined } {
    const name = key.slice(0, 1);
    const part = this.#parts.get(name) ?? { keys: new Set(), sorted: undefined };
    this.#parts.set(name, part);
    return part;
  }

  entries(): IterableIterator<[string, T]> {
    return this.#values.entries();
  }
}
