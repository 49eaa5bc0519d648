/** Compiles the curve's kernel: `node scripts/build-crypto-kernel.ts` writes src/crypto/kernel/kernel.wasm. */
import { writeFileSync } from 'node:fs';
import { compileCurveKernel } from './compile-crypto-kernel.ts';

const bytes = await compileCurveKernel();
writeFileSync(new URL('../src/crypto/kernel/kernel.wasm', import.meta.url), bytes);
console.log(`kernel.wasm  ${bytes.length} bytes`);
