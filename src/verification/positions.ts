import { CHUNK_POSITIONS } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';

/** What is known of each position of a session, from 0 on; writing at an earlier position forgets what follows. */
export class Positions<T> {
  readonly #values: T[] = [];

  get length(): number {
    return this.#values.length;
  }

  /** Throws RangeError when `position` would leave a gap. */
  write(position: number, values: readonly T[]): void {
    if (position > this.#values.length)
      throw new RangeError(`position ${position} leaves a gap after ${this.#values.length}`);
    this.#values.length = position;
    for (const value of values) this.#values.push(value);
  }

  slice(from: number, to: number): T[] {
    return this.#values.slice(from, to);
  }
}

/**
 * Hashes of a session's rows. They are made for a chunk's worth of rows at once: one row at a time, between steps that
 * have emptied the caches, takes several times as long.
 */
export class RowHashes {
  readonly #hashes = new Positions<Uint8Array>();
  /** Rows after those that are hashed. */
  #waiting: { rows: number; states: Float32Array }[] = [];
  #waitingRows = 0;

  get length(): number {
    return this.#hashes.length + this.#waitingRows;
  }

  /** Rows at `position` and after, which do not change from now on. Throws RangeError when they would leave a gap. */
  write(position: number, rows: number, states: Float32Array): void {
    if (position !== this.length) {
      this.#hash();
      this.#hashes.write(position, []);
    }
    this.#waiting.push({ rows, states });
    this.#waitingRows += rows;
    if (this.#waitingRows >= CHUNK_POSITIONS) this.#hash();
  }

  /** Hash of the rows [from, to), undefined when they are not all known. */
  of(from: number, to: number): Uint8Array | undefined {
    this.#hash();
    return to <= this.#hashes.length ? chunkHash(this.#hashes.slice(from, to)) : undefined;
  }

  #hash(): void {
    for (const { rows, states } of this.#waiting) {
      this.#hashes.write(this.#hashes.length, rowHashes(states, rows));
    }
    this.#waiting = [];
    this.#waitingRows = 0;
  }
}

/** The first position of the chunk that holds `position`. */
export const chunkStart = (position: number): number => position - (position % CHUNK_POSITIONS);
