/** Exports of the compiled kernels (src/execution/kernels/index.as.ts). */
export interface Kernels {
  prepareConstants(): void;
  lead(): void;
  work(thread: number): void;
  repack4(rows: number, tile: number, blocks: number, minima: number): number;
  repack8(rows: number, tile: number, blocks: number): number;
  blockFloats(x: number, out: number, blocks: number): number;
  widenHalf(x: number, out: number, count: number): void;
  widenBrain(x: number, out: number, count: number): void;
}

/** The kernels on one memory; each thread has an instance of its own. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const abort = () => {
    throw new Error('the kernels aborted');
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  return exports as unknown as Kernels;
}
