import { CHUNK_POSITIONS } from './constants.ts';
import { chunkHash } from './hashes.ts';

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

/** Hash of the rows [from, to), undefined when they are not all known. */
export function hashOf(rows: Positions<Uint8Array>, from: number, to: number): Uint8Array | undefined {
  return to <= rows.length ? chunkHash(rows.slice(from, to)) : undefined;
}

/** The first position of the chunk that holds `position`. */
export const chunkStart = (position: number): number => position - (position % CHUNK_POSITIONS);
