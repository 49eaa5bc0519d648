import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { selfCheck } from '../../../src/execution/engine/index.ts';
import { arithmeticVectors } from '../../support/arithmetic-vectors.ts';

const pinned = JSON.parse(readFileSync('docs/protocol/vectors/arithmetic.json', 'utf8'));

for (const build of ['relaxed', 'plain'] as const) {
  test(`the ${build} build gives the pinned vectors of the arithmetic`, async () => {
    assert.deepEqual(await arithmeticVectors({ build }), pinned);
  });

  test(`the ${build} build passes the check that a process makes before it serves`, () =>
    selfCheck({ build }));
}
