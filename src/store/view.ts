/** An entry. Keys are ordered by unsigned bytes; a key that is a prefix of another comes first. */
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

/** A readable view of a store. Returned bytes belong to the view: do not modify them. */
export interface ReadView {
  get(key: Uint8Array): Uint8Array | undefined;
  range(range: KeyRange): Iterable<Entry>;
}

/** A write to be committed; an undefined `value` deletes the key. */
export interface Change {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** A view with writes that stay in memory until its changes are committed. */
export interface WriteView extends ReadView {
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
}

/** A view unaffected by later commits. Close it: an open snapshot keeps old pages alive. */
export interface Snapshot extends ReadView {
  close(): void;
}

/** An ordered map from bytes to bytes on disk or in memory, with one writer. */
export interface Store extends ReadView {
  /**
   * Writes all changes atomically, durable on return: a crash at any moment leaves the old or the new content. Of several
   * changes to one key the last wins. Throws DISK_FULL when there is no space for them.
   */
  commit(changes: Iterable<Change>): void;
  snapshot(): Snapshot;
  close(): Promise<void>;
}
