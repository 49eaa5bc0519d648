/**
 * Exports of the compiled kernels (src/execution/kernels/index.as.ts). Pointers are byte addresses in the shared memory;
 * `blocks` counts blocks of 32 columns. The functions that return a number return 1, or 0 when a value is not finite.
 */
export interface Kernels {
  /** Writes the table of SIMD constants. Call once for each memory, before any other kernel. */
  prepareConstants(): void;
  /** Runs the job in the parameter words as thread 0 and returns when it is finished. */
  lead(): void;
  /** Runs jobs as thread `thread` until JOB.stop. */
  work(thread: number): void;
  /** `rows`: 8 rows × blocks of Q4_1 (minima = 1) or Q4_0 (minima = 0); `tile`: blocks × 160 bytes. */
  repack4(rows: number, tile: number, blocks: number, minima: number): number;
  /** `rows`: 8 rows × blocks of Q8_0; `tile`: blocks × 272 bytes. */
  repack8(rows: number, tile: number, blocks: number): number;
  /** `x`: blocks × 32 f32; `out`: blocks of Q8_0 (34 bytes each). */
  blockFloats(x: number, out: number, blocks: number): number;
  /** `x`: count f16; `out`: count f32. */
  widenHalf(x: number, out: number, count: number): void;
  /** `x`: count bf16; `out`: count f32. */
  widenBrain(x: number, out: number, count: number): void;
}

/** Instantiates the kernels on a shared memory. Each thread has its own instance. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const abort = () => {
    throw new Error('the kernels aborted');
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  return exports as unknown as Kernels;
}
