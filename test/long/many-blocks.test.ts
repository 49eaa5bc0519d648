import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growTo, trustingLedger } from '../support/ledger/chain.ts';
import { RandomBlocks } from '../support/ledger/random-blocks.ts';

test('money is conserved and nothing is spent twice over ten thousand random blocks', () => {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const blocks = new RandomBlocks(ledger, 'many blocks', 40, 1);
  for (let n = 1; n <= 10_000; n++) {
    blocks.grow();
    if (n % 1_000 === 0) blocks.audit();
  }
  const taken = [...blocks.taken.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(taken > 1_900, `${taken} transactions were taken`);
  assert.ok(blocks.refusals.get('double spend')! > 50);
});
