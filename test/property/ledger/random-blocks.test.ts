import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS } from '../../../src/ledger/actions/registry.ts';
import { genesisOf, growTo, TEST_PARAMETERS, trustingLedger } from '../../support/ledger/chain.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

test('random blocks: money is conserved, nothing is spent twice, the same blocks give the same hashes', () => {
  const run = () => {
    const ledger = trustingLedger(genesisOf({ ...TEST_PARAMETERS, downtimeBlocks: 5, jailBlocks: 3 }));
    growTo(ledger, 4);
    const blocks = new RandomBlocks(ledger, 'money');
    const hashes = Array.from({ length: 400 }, () => blocks.grow());
    blocks.audit();
    return { hashes, blocks };
  };
  const { hashes, blocks } = run();
  for (const name of Object.keys(ACTIONS)) assert.ok(blocks.taken.get(name), `no ${name} was ever taken`);
  assert.ok(blocks.refusals.get('double spend'));
  assert.deepEqual(run().hashes, hashes);
});
