/** Exports of kernel.wasm. All arguments are addresses in its memory, or counts. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** Fills the tables of `multiplyBaseSecret`. Call once, before anything else. */
  prepareCombs(): void;
  /** Size of the table of a point in bytes, for `fixPoints`. */
  fixedTableSize(): number;
  fixPoints(tables: number, points: number, count: number): void;
  heap(): number;
  reserve(end: number): void;
  /** Decodes two encodings; bits 0 and 1 of the result are set if they are points. */
  decode(first: number, second: number, bytes: number, otherBytes: number): number;
  encodeAll(out: number, points: number, count: number, scratch: number): void;
  equalPoints(a: number, b: number): number;
  isIdentity(point: number): number;
  addPoints(out: number, a: number, b: number): void;
  subtractPoints(out: number, a: number, b: number): void;
  multiplyByCofactor(out: number, point: number): void;
  multiScalar(
    out: number,
    scalars: number,
    points: number,
    count: number,
    fixedScalars: number,
    fixedTables: number,
    fixedCount: number,
    scratch: number,
  ): void;
  multiScalarSecret(out: number, scalars: number, points: number, count: number, scratch: number): void;
  multiplyBaseSecret(out: number, scalar: number): void;
  keccak256(out: number, from: number, length: number): void;
  pointsFromHashes(first: number, second: number, hash: number, otherHash: number): void;
  scalarReduce(out: number, wide: number): void;
  addScalars(out: number, a: number, b: number, count: number): void;
  subtractScalars(out: number, a: number, b: number, count: number): void;
  multiplyScalars(out: number, a: number, b: number, stepOfB: number, count: number): void;
  powersOf(out: number, base: number, count: number): void;
  innerProduct(out: number, a: number, b: number, count: number): void;
  invertScalars(out: number, a: number, count: number, exponent: number): void;
}

const align = (address: number): number => (address + 15) & ~15;

/**
 * An instance of the kernel and its memory. The arguments of each call are laid out from the start of the heap, followed by the
 * kernel's scratch space.
 */
export class KernelMemory {
  readonly kernel: KernelExports;
  #heap: number;
  #bytes: Uint8Array;
  #end: number;

  constructor(module: WebAssembly.Module) {
    this.kernel = new WebAssembly.Instance(module, {}).exports as unknown as KernelExports;
    this.kernel.prepareCombs();
    this.#heap = this.kernel.heap();
    this.#end = this.#heap;
    this.#bytes = new Uint8Array(this.kernel.memory.buffer);
  }

  /** Releases the arguments of the previous call. */
  begin(): void {
    this.#end = this.#heap;
  }

  /** Allocates `length` bytes permanently and returns their address. Releases the arguments. */
  keep(length: number): number {
    this.begin();
    const at = this.take(length);
    this.#heap = this.#end;
    return at;
  }

  /** Allocates `length` bytes for this call and returns their address. */
  take(length: number): number {
    const at = this.#end;
    this.#end = align(at + length);
    if (this.#end > this.#view().length) this.kernel.reserve(this.#end);
    return at;
  }

  /** Copies bytes into the memory and returns their address. */
  put(bytes: Uint8Array): number {
    const at = this.take(bytes.length);
    this.#view().set(bytes, at);
    return at;
  }

  /** Copies pieces of equal length into consecutive memory and returns the address of the first. */
  putAll(pieces: readonly Uint8Array[], length: number): number {
    const at = this.take(pieces.length * length);
    const view = this.#view();
    for (let i = 0; i < pieces.length; i++) view.set(pieces[i]!, at + i * length);
    return at;
  }

  /** Writes the concatenated parts at an allocated address. */
  fill(at: number, parts: readonly Uint8Array[]): void {
    const view = this.#view();
    let to = at;
    for (const part of parts) {
      view.set(part, to);
      to += part.length;
    }
  }

  /** Copies bytes out of the memory. */
  read(at: number, length: number): Uint8Array {
    return this.#view().slice(at, at + length);
  }

  /** Start address of the scratch space. */
  get end(): number {
    return this.#end;
  }

  /** Overwrites the arguments of this call, because they were secret. */
  wipe(): void {
    this.#view().fill(0, this.#heap, this.#end);
  }

  /** A fresh view, because growing the memory detaches existing ones. */
  #view(): Uint8Array {
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.kernel.memory.buffer);
    }
    return this.#bytes;
  }
}
