import { readFileSync } from 'node:fs';

/** The kernel, compiled from the file beside this one. The module can be posted to worker threads. */
export function loadCurveKernel(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
}
