/** Compiles the kernels: `node scripts/build-kernels.ts` writes src/execution/kernels/{relaxed,plain}.wasm. */
import { writeFileSync } from 'node:fs';
import { compileKernels } from './compile-kernels.ts';

for (const build of ['relaxed', 'plain'] as const) {
  const bytes = await compileKernels(build);
  writeFileSync(new URL(`../src/execution/kernels/${build}.wasm`, import.meta.url), bytes);
  console.log(`${build}.wasm  ${bytes.length} bytes`);
}
