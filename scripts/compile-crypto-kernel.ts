import { readFileSync } from 'node:fs';
import { constantsSource } from '../src/crypto/kernel/constants.ts';
import { fieldLimbsSource } from '../src/crypto/kernel/field-limbs.ts';
import { keccakSource } from '../src/crypto/kernel/keccak.ts';
import { pairVectorsSource } from '../src/crypto/kernel/pair-vectors.ts';
import { scalarLimbsSource } from '../src/crypto/kernel/scalar-limbs.ts';
import { compileAssemblyScript } from './assemblyscript.ts';

const WRITTEN = ['index', 'memory', 'field', 'point', 'multiply', 'secret', 'scalar', 'hash'];
const OPTIONS = [
  'index.as.ts',
  ...['-O2', '--noAssert', '--runtime', 'stub', '--outFile', 'kernel.wasm'],
  ...['--enable', 'simd', '--enable', 'bulk-memory', '--enable', 'sign-extension'],
];

/** All AssemblyScript files by name: the ones that are written and the ones that are generated. */
function sources(): Map<string, string> {
  const read = (name: string) =>
    readFileSync(new URL(`../src/crypto/kernel/${name}.as.ts`, import.meta.url), 'utf8');
  return new Map([
    ...WRITTEN.map((name): [string, string] => [`${name}.as.ts`, read(name)]),
    ['constants.as.ts', constantsSource()],
    ['pair-vectors.as.ts', pairVectorsSource()],
    ['field-limbs.as.ts', fieldLimbsSource()],
    ['scalar-limbs.as.ts', scalarLimbsSource()],
    ['keccak.as.ts', keccakSource()],
  ]);
}

/** Compiles the curve's kernel. */
export const compileCurveKernel = (): Promise<Uint8Array> => compileAssemblyScript(OPTIONS, sources());
