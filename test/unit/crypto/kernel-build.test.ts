import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileCurveKernel } from '../../../scripts/compile-crypto-kernel.ts';

test('the committed kernel is what its sources compile to', async () => {
  const committed = readFileSync(new URL('../../../src/crypto/kernel/kernel.wasm', import.meta.url));
  const built = await compileCurveKernel();
  assert.ok(committed.equals(built), 'run: node scripts/build-crypto-kernel.ts');
});
