import type { PieceMemory } from './piece-memory.ts';

/** A reference-counted buffer that returns to its pool when the last holder releases it. */
export class PieceBuffer {
  readonly bytes: Uint8Array;
  #holders = 1;
  readonly #onFree: () => void;

  constructor(bytes: Uint8Array, onFree: () => void) {
    this.bytes = bytes;
    this.#onFree = onFree;
  }

  hold(): void {
    this.#holders++;
  }

  /** A bound function, so that it can be passed as a callback. */
  readonly release = (): void => {
    if (--this.#holders === 0) this.#onFree();
  };
}

/**
 * Reusable piece buffers of one torrent. Allocating each piece anew makes the garbage collector scan the whole heap every
 * 64 MiB, which was measured to cost a third of a download.
 */
export class PiecePool {
  readonly #length: number;
  readonly #memory: PieceMemory;
  readonly #free: Uint8Array[] = [];
  #isClosed = false;

  /** Buffers of `length` bytes; free ones are kept as far as `memory` allows. */
  constructor(length: number, memory: PieceMemory) {
    this.#length = length;
    this.#memory = memory;
  }

  /** A buffer of `length` bytes in shared memory, with arbitrary content and one holder. */
  take(length: number): PieceBuffer {
    const kept = this.#free.pop();
    if (kept) this.#memory.used(this.#length);
    const whole = kept ?? Buffer.from(new SharedArrayBuffer(this.#length));
    return new PieceBuffer(whole.subarray(0, length), () => {
      if (!this.#isClosed && this.#memory.keep(this.#length)) this.#free.push(whole);
    });
  }

  /** Drops the free buffers; later releases free their memory. */
  close(): void {
    this.#isClosed = true;
    this.#memory.used(this.#free.length * this.#length);
    this.#free.length = 0;
  }
}
