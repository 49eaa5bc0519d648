import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex } from '#base';
import { parseTransaction } from '../../../src/ledger/transaction/transaction.ts';
import { curve } from '../../support/ledger/chain.ts';
import { ledgerVectors } from './make.ts';

test('the bytes and hashes of the ledger are those that are written down', async () => {
  const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'ledger.json'), 'utf8'));
  assert.deepEqual(await ledgerVectors(), pinned);
  const { hashes, weight } = parseTransaction(fromHex(pinned.transfer.bytes), curve);
  assert.equal(Buffer.from(hashes.id).toString('hex'), pinned.transfer.id);
  assert.equal(weight, pinned.transfer.weight);
});
