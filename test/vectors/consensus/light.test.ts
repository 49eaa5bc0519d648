import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lightVectors } from './make-light.ts';

const PATH = new URL('../../../docs/protocol/vectors/light.json', import.meta.url);

test('proofs, questions and answers of wallets have the bytes of the vectors', async () => {
  assert.deepEqual(await lightVectors(), JSON.parse(readFileSync(PATH, 'utf8')));
});
