import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { engineHash } from '../../support/engine-hash.ts';

const FLAGS = [
  ['relaxed', '--no-enable-avx-vnni'],
  ['relaxed', '--no-enable-avx'],
  ['relaxed', '--liftoff-only'],
  ['relaxed', '--no-liftoff'],
  ['plain', '--no-enable-avx-vnni'],
  ['plain', '--no-liftoff'],
  ['plain', '--no-liftoff', '--no-enable-avx'],
] as const;

const expected = await engineHash('relaxed');

for (const [build, ...flags] of FLAGS) {
  test(`the ${build} build gives equal bits under ${flags.join(' ')}`, (t) => {
    if (process.arch !== 'x64' && flags.some((flag) => flag.includes('avx'))) {
      t.skip(`${flags.join(' ')} is for x64, this is ${process.arch}`);
      return;
    }
    const script = new URL('../../support/engine-hash.ts', import.meta.url).pathname;
    const run = spawnSync(process.execPath, [...flags, script, build], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(run.stdout.trim(), expected, run.stderr);
  });
}
