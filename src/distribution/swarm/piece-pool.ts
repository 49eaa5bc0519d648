import type { PieceMemory } from './piece-memory.ts';

/** A buffer in memory. It goes back to its pool when all who hold it have let go. */
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

  /** A function of its own, so that it can be handed on as a callback. */
  readonly release = (): void => {
    if (--this.#holders === 0) this.#onFree();
  };
}

/**
 * Buffers of one torrent, used again and again: allocating each piece afresh makes the garbage collector walk the whole
 * heap every 64 MiB, which was measured to cost a third of a download.
 */
export class PiecePool {
  readonly #length: number;
  readonly #memory: PieceMemory;
  readonly #free: Uint8Array[] = [];
  #isClosed = false;

  /** Buffers of `length` bytes, of which as many are kept for the next use as `memory` has room for. */
  constructor(length: number, memory: PieceMemory) {
    this.#length = length;
    this.#memory = memory;
  }

  /** `length` bytes with any content, in shared memory, held once. */
  take(length: number): PieceBuffer {
    const kept = this.#free.pop();
    if (kept) this.#memory.used(this.#length);
    const whole = kept ?? Buffer.from(new SharedArrayBuffer(this.#length));
    return new PieceBuffer(whole.subarray(0, length), () => {
      if (!this.#isClosed && this.#memory.keep(this.#length)) this.#free.push(whole);
    });
  }

  /** Lets go of what is kept: no torrent needs it any more. */
  close(): void {
    this.#isClosed = true;
    this.#memory.used(this.#free.length * this.#length);
    this.#free.length = 0;
  }
}
