import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileKernels } from '../../../scripts/compile-kernels.ts';

for (const build of ['relaxed', 'plain'] as const) {
  test(`${build}.wasm is what its sources compile to`, async () => {
    const committed = readFileSync(`src/execution/kernels/${build}.wasm`);
    const message = 'the kernels changed: run npm run build:kernels and commit what it writes';
    assert.equal(Buffer.compare(await compileKernels(build), committed), 0, message);
  });
}
