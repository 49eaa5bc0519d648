/** Keys are compared byte by byte, as unsigned numbers; a key that is a prefix of another comes first. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Keys `from ≤ key < to`, ascending unless `reverse`. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly reverse?: boolean;
}

/** What can be read at one moment. The bytes handed out belong to the view: readers do not change them. */
export interface ReadView {
  get(key: Uint8Array): Uint8Array | undefined;
  range(range: KeyRange): Iterable<Entry>;
}

/** A write that has not happened yet; `value` undefined deletes. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A view that can be written to, in memory until somebody commits its changes. */
export interface WriteView extends ReadView {
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
}

/** A view that later commits do not touch. Close it: an open one keeps old pages alive. */
export interface Snapshot extends ReadView {
  close(): void;
}

/** An ordered map from bytes to bytes on disk or in memory, with one writer. */
export interface Store extends ReadView {
  /**
   * Writes all the changes or none, durable when it returns: a crash at any moment leaves the old or the
   * new content. Later changes to the same key win.
   */
  commit(changes: Iterable<Change>): void;
  snapshot(): Snapshot;
  close(): Promise<void>;
}
