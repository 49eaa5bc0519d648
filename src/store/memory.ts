import { BitorchError } from '#base';
import { keyBytes, keyText } from './keys.ts';
import { Overlay } from './overlay.ts';
import { SortedMap } from './sorted-map.ts';
import type { Change, Entry, KeyRange, ReadView, Snapshot, Store } from './view.ts';

/** An in-memory store, for light nodes, dry runs and tests. Its methods throw STORE_CLOSED after `close`. */
export class MemoryStore implements Store {
  readonly #content = new SortedMap<Uint8Array>();
  readonly #snapshots = new Set<Overlay>();
  #closed = false;

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen();
    return this.#content.get(keyText(key));
  }

  *range({ from, to, reverse = false }: KeyRange): Iterable<Entry> {
    this.#assertOpen();
    for (const key of this.#content.keys(from, to, reverse)) {
      const value = this.#content.get(key);
      if (value) yield { key: keyBytes(key), value };
    }
  }

  commit(changes: Iterable<Change>): void {
    this.#assertOpen();
    const all = [...changes];
    for (const snapshot of this.#snapshots) this.#preserve(snapshot, all);
    for (const { key, value } of all) {
      if (value === undefined) this.#content.delete(keyText(key));
      else this.#content.set(keyText(key), value.slice());
    }
  }

  /** Free to take; each later commit first copies the old values of its keys into the snapshot. */
  snapshot(): Snapshot {
    this.#assertOpen();
    const kept = new Overlay(this as ReadView);
    this.#snapshots.add(kept);
    return {
      get: (key) => kept.get(key),
      range: (range) => kept.range(range),
      close: () => this.#snapshots.delete(kept),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#content.clear();
    this.#snapshots.clear();
  }

  #preserve(snapshot: Overlay, changes: readonly Change[]): void {
    for (const { key } of changes) {
      const value = snapshot.get(key);
      if (value === undefined) snapshot.delete(key);
      else snapshot.put(key, value);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new BitorchError('STORE_CLOSED', 'the store is closed: open it again');
  }
}
