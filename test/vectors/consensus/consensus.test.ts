import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { consensusVectors } from './make.ts';

test('the bytes and hashes of consensus are those that are written down', () => {
  const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'consensus.json'), 'utf8'));
  assert.deepEqual(consensusVectors(), pinned);
});
