import { readFileSync } from 'node:fs';

/** Compiles kernel.wasm from this folder. The module can be posted to worker threads. */
export function loadCurveKernel(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
}
