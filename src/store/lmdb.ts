import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Database, open } from 'lmdb';
import { BitorchError, messageOf } from '#base';
import type { Change, Entry, KeyRange, Snapshot, Store } from './view.ts';

/**
 * Minimum free disk space for a commit, more than a commit needs. LMDB's binding can corrupt the memory of the process when it
 * runs out of space during a commit.
 */
const RESERVED_BYTES = 16 << 20;

type ReadOptions = NonNullable<Parameters<Database['getRange']>[0]>;

/**
 * A store in one LMDB file, with one writing process. A commit is one write transaction, flushed before it returns; a commit
 * that throws DISK_FULL has changed nothing. Throws STORE_UNREADABLE when the file cannot be opened.
 *
 * @param path the file; its lock file is next to it
 * @param mapBytes reserved address space in bytes, the maximum size of the file
 */
export function openLmdbStore(path: string, mapBytes = 64 * 2 ** 30): Store {
  try {
    return new LmdbStore(path, mapBytes);
  } catch (error) {
    throw new BitorchError('STORE_UNREADABLE', `cannot open the store ${path}: ${messageOf(error)}`, {
      path,
    });
  }
}

class LmdbStore implements Store {
  readonly #db: Database<Uint8Array, Uint8Array> & { close(): Promise<void> };

  readonly #path: string;

  constructor(path: string, mapBytes: number) {
    this.#path = path;
    this.#db = open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      mapSize: mapBytes,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
    });
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return copied(this.#db.getBinaryFast(key));
  }

  range(range: KeyRange): Iterable<Entry> {
    return this.#range(range, {});
  }

  commit(changes: Iterable<Change>): void {
    this.#demandSpace();
    try {
      this.#db.transactionSync(() => {
        for (const { key, value } of changes) {
          if (value === undefined) this.#db.removeSync(key);
          else this.#db.putSync(key, value);
        }
      });
    } catch (error) {
      throw isNoSpace(error) ? diskFull(this.#path, error) : error;
    }
  }

  snapshot(): Snapshot {
    // Without the reset, the transaction would be that of an earlier read and show an older state.
    this.#db.resetReadTxn();
    const transaction = this.#db.useReadTransaction();
    return {
      get: (key) => plain(this.#db.get(key, { transaction })),
      range: (range) => this.#range(range, { transaction }),
      close: () => transaction.done(),
    };
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  #demandSpace(): void {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    const free = bavail * bsize;
    if (free < RESERVED_BYTES) {
      throw diskFull(this.#path, new Error(`${free} bytes are free, ${RESERVED_BYTES} are required`));
    }
  }

  /** LMDB's reverse ranges include the upper end, so this filters to the half-open range. */
  *#range({ from, to, reverse = false }: KeyRange, options: ReadOptions): Iterable<Entry> {
    const ends = reverse ? { start: to, end: from, reverse } : { start: from, end: to };
    const [low, high] = [Buffer.from(from), Buffer.from(to)];
    for (const { key, value } of this.#db.getRange({ ...options, ...ends, inclusiveEnd: true })) {
      if (low.compare(key) <= 0 && high.compare(key) > 0) yield { key: plain(key)!, value: plain(value)! };
    }
  }
}

/** LMDB reports a partial write as an I/O error. */
const isNoSpace = (error: unknown): boolean =>
  /no space left|quota exceeded|input\/output error|MDB_MAP_FULL/i.test(messageOf(error));

const diskFull = (path: string, error: unknown): BitorchError =>
  new BitorchError(
    'DISK_FULL',
    `the store ${path} cannot be written (${messageOf(error)}): the disk is full or failing, free some space`,
    { path },
    error,
  );

/** Copies LMDB's fast reads: all share one buffer, valid until the next read, and `length` bounds the valid part. */
const copied = (shared: Uint8Array | undefined): Uint8Array | undefined =>
  shared && new Uint8Array(shared.buffer, shared.byteOffset, shared.length).slice();

/** Converts Buffers, whose `slice` does not copy, to plain `Uint8Array`. */
const plain = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
