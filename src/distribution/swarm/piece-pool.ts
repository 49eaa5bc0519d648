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
  readonly #maxFreeBytes: number;
  readonly #free: Uint8Array[] = [];

  /** Buffers of `length` bytes, of which `maxFreeBytes` are kept for the next use. */
  constructor(length: number, maxFreeBytes: number) {
    this.#length = length;
    this.#maxFreeBytes = maxFreeBytes;
  }

  /** `length` bytes with any content, in shared memory, held once. */
  take(length: number): PieceBuffer {
    const whole = this.#free.pop() ?? Buffer.from(new SharedArrayBuffer(this.#length));
    return new PieceBuffer(whole.subarray(0, length), () => {
      if (this.#free.length * this.#length < this.#maxFreeBytes) this.#free.push(whole);
    });
  }
}
