import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { chainVectors } from './make-chain.ts';

const PATH = new URL('../../../docs/protocol/vectors/chain.json', import.meta.url);

test('gossip, sync, journal and last signature have the bytes of the vectors', () => {
  assert.deepEqual(chainVectors(), JSON.parse(readFileSync(PATH, 'utf8')));
});
