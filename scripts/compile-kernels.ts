import { main } from 'assemblyscript/asc';
import { BitorchError } from '../src/base/errors.ts';
import type { Build } from '../src/execution/kernels/dot.ts';
import { kernelSources } from '../src/execution/kernels/source.ts';

/** -O0: binaryen's optimiser would reorder loads and nest sums so that V8 can no longer pair or keep them. */
const OPTIONS = [
  'index.as.ts',
  ...['-O0', '--noAssert', '--runtime', 'stub', '--memoryBase', '16384', '--outFile', 'kernels.wasm'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
  ...['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'threads', '--enable', 'bulk-memory'],
];

/** Compiles one build of the kernels in memory; the same sources give the same bytes. */
export async function compileKernels(build: Build): Promise<Uint8Array> {
  const sources = kernelSources(build);
  let output: Uint8Array | undefined;
  const { error, stderr } = await main(OPTIONS, {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') output = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new BitorchError(
      'KERNELS_INVALID',
      `the kernels do not compile:\n${stderr.toString().slice(0, 4000)}`,
    );
  }
  return output;
}
