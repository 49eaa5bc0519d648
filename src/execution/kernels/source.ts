import { readFileSync } from 'node:fs';
import { attentionSource } from './attention.ts';
import { constantsSource } from './constants.ts';
import type { Build } from './dot.ts';
import { packedSource } from './packed.ts';
import { parametersSource } from './parameters.ts';
import { unpackedSource } from './unpacked.ts';

const WRITTEN = ['index', 'blocks', 'matrix', 'activation', 'head', 'vector', 'threads', 'repack'];

/** All AssemblyScript files of a build by name, both handwritten and generated. */
export function kernelSources(build: Build): Map<string, string> {
  const read = (name: string) => readFileSync(new URL(`./${name}.as.ts`, import.meta.url), 'utf8');
  return new Map([
    ...WRITTEN.map((name): [string, string] => [`${name}.as.ts`, read(name)]),
    ['constants.as.ts', constantsSource()],
    ['parameters.as.ts', parametersSource()],
    ['packed.as.ts', packedSource(build)],
    ['unpacked.as.ts', unpackedSource(build)],
    ['attention.as.ts', attentionSource(build)],
  ]);
}
