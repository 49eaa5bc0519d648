import { BitorchError } from '#base';
import { address, HEAP, type Parameter } from '../kernels/parameters.ts';

/** Bytes of a WebAssembly page, and of the largest 32-bit memory (4 GiB). */
const PAGE = 65536;
const LIMIT = 65536 * PAGE;

/** Bump allocator that assigns addresses before the memory is created, so that the memory has exactly the required size. */
export class Arena {
  #end = HEAP;

  /** Reserves `bytes` bytes, aligned to a 64-byte cache line. Throws MEMORY_EXCEEDED when the total is over 4 GiB. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / 64) * 64;
    if (this.#end > LIMIT) {
      throw new BitorchError(
        'MEMORY_EXCEEDED',
        'these blocks and their KV caches need more than 4 GiB: use fewer blocks, fewer slots or a shorter context per stage',
        { bytes: this.#end },
      );
    }
    return at;
  }

  /** Creates a shared memory that holds everything reserved so far. */
  create(): SharedMemory {
    const pages = Math.ceil(this.#end / PAGE);
    return new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
  }
}

/** Typed views of the memory that kernels and host share. Addresses are in bytes and can exceed 2^31. */
export class SharedMemory {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float32Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.floats = new Float32Array(memory.buffer);
  }

  set(name: Parameter, value: number): void {
    this.words[address(name) / 4] = value;
  }

  get(name: Parameter): number {
    return this.words[address(name) / 4]!;
  }

  setFloat(name: Parameter, value: number): void {
    this.floats[address(name) / 4] = value;
  }

  /** Writes i32 words (or addresses) starting at byte address `at`. */
  setWords(at: number, values: readonly number[]): void {
    this.words.set(values, at / 4);
  }

  /** A view of `count` i32 words at byte address `at`. */
  wordsAt(at: number, count: number): Int32Array {
    return this.words.subarray(at / 4, at / 4 + count);
  }

  /** A view of `count` f32 at byte address `at`. */
  floatsAt(at: number, count: number): Float32Array {
    return this.floats.subarray(at / 4, at / 4 + count);
  }
}
