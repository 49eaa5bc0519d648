import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadValidatorKey } from '../../../src/node/home/identity.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

test('a consensus key is made once; one that has signed and is gone is not replaced', async (t) => {
  const home = await temporaryDirectory(t);
  const key = await loadValidatorKey(home);
  assert.deepEqual((await loadValidatorKey(home)).publicKey, key.publicKey);
  const signed = join(home, 'chain', 'last-sign');
  mkdirSync(join(home, 'chain'));
  writeFileSync(signed, 'anything');
  assert.deepEqual((await loadValidatorKey(home)).publicKey, key.publicKey);
  rmSync(join(home, 'validator.key'));
  await assert.rejects(loadValidatorKey(home), { code: 'KEY_MISSING', message: /restore it/ });
  rmSync(signed);
  assert.notDeepEqual((await loadValidatorKey(home)).publicKey, key.publicKey);
});
