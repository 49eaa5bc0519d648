import { readFileSync } from 'node:fs';
import { BitorchError } from '#base';
import { constantsSource } from './constants.ts';
import { fieldLimbsSource } from './field-limbs.ts';
import { keccakSource } from './keccak.ts';
import { scalarLimbsSource } from './scalar-limbs.ts';

const WRITTEN = ['index', 'memory', 'field', 'point', 'multiply', 'secret', 'scalar', 'hash'];
const OPTIONS = [
  'index.as.ts',
  ...['-O2', '--noAssert', '--runtime', 'stub', '--outFile', 'kernel.wasm'],
  ...['--enable', 'simd', '--enable', 'bulk-memory', '--enable', 'sign-extension'],
];

/** All AssemblyScript files by name: the ones that are written and the ones that are generated. */
function sources(): Map<string, string> {
  const read = (name: string) => readFileSync(new URL(`./${name}.as.ts`, import.meta.url), 'utf8');
  return new Map([
    ...WRITTEN.map((name): [string, string] => [`${name}.as.ts`, read(name)]),
    ['constants.as.ts', constantsSource()],
    ['field-limbs.as.ts', fieldLimbsSource()],
    ['scalar-limbs.as.ts', scalarLimbsSource()],
    ['keccak.as.ts', keccakSource()],
  ]);
}

/** Compiles the kernel in memory; the same sources give the same bytes. */
export async function compileCurveKernel(): Promise<Uint8Array> {
  const { main } = await import('assemblyscript/asc');
  const files = sources();
  let output: Uint8Array | undefined;
  const { error, stderr } = await main(OPTIONS, {
    readFile: (name) => files.get(name) ?? null,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') output = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new BitorchError(
      'KERNELS_INVALID',
      `the kernel does not compile:\n${stderr.toString().slice(0, 4000)}`,
    );
  }
  return output;
}
