import { CHUNK_POSITIONS } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';

/** One value for each position of a session, from 0 on. Writing at an earlier position discards all later values. */
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
 * Hashes of a session's rows, computed for a whole chunk at a time. Hashing each row after its decode step, with cold caches,
 * takes several times as long.
 */
export class RowHashes {
  readonly #hashes = new Positions<Uint8Array>();
  /** Rows not yet hashed, which follow the hashed ones. */
  #waiting: { rows: number; states: Float32Array }[] = [];
  #waitingRows = 0;

  get length(): number {
    return this.#hashes.length + this.#waitingRows;
  }

  /**
   * Writes rows from `position` on (rows × width f32), which must not be modified afterwards. Throws RangeError when they would
   * leave a gap.
   */
  write(position: number, rows: number, states: Float32Array): void {
    if (position !== this.length) {
      this.#hash();
      this.#hashes.write(position, []);
    }
    this.#waiting.push({ rows, states });
    this.#waitingRows += rows;
    if (this.#waitingRows >= CHUNK_POSITIONS) this.#hash();
  }

  /** chunkHash() of the rows [from, to); undefined when they are not all present. */
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
