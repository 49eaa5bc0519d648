import { BitorchError } from '#base';
import { address, HEAP, type Parameter } from '../kernels/parameters.ts';

const PAGE = 65536;
const LIMIT = 65536 * PAGE;

/** Plans addresses before the memory exists, so that it has just the size that is needed. */
export class Arena {
  #end = HEAP;

  /** Address of `bytes` bytes, on a cache line of their own. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / 64) * 64;
    if (this.#end > LIMIT) {
      throw new BitorchError(
        'MEMORY_EXCEEDED',
        'these blocks and their caches need more than 4 GiB: run fewer blocks, slots or a shorter context in one stage',
        { bytes: this.#end },
      );
    }
    return at;
  }

  /** The shared memory that holds everything taken so far. */
  create(): SharedMemory {
    const pages = Math.ceil(this.#end / PAGE);
    return new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
  }
}

/** Typed views of a memory that kernels and host share. Addresses are bytes; they can be over 2^31. */
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

  /** Writes words (or addresses) from `at` on. */
  setWords(at: number, values: readonly number[]): void {
    this.words.set(values, at / 4);
  }

  /** `count` words at `at`, not copied. */
  wordsAt(at: number, count: number): Int32Array {
    return this.words.subarray(at / 4, at / 4 + count);
  }

  /** `count` floats at `at`, not copied. */
  floatsAt(at: number, count: number): Float32Array {
    return this.floats.subarray(at / 4, at / 4 + count);
  }
}
