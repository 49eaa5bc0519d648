import type { Build } from '../src/execution/kernels/dot.ts';
import { kernelSources } from '../src/execution/kernels/source.ts';
import { compileAssemblyScript } from './assemblyscript.ts';

/** -O0: binaryen's optimiser would reorder loads and nest sums so that V8 can no longer pair or keep them. */
const OPTIONS = [
  'index.as.ts',
  ...['-O0', '--noAssert', '--runtime', 'stub', '--memoryBase', '16384', '--outFile', 'kernels.wasm'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
  ...['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'threads', '--enable', 'bulk-memory'],
];

/** Compiles one build of the kernels. */
export const compileKernels = (build: Build): Promise<Uint8Array> =>
  compileAssemblyScript(OPTIONS, kernelSources(build));
