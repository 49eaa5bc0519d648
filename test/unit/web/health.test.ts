import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthOf } from '../../../web/chain/health.ts';
import { chainView } from '../../support/scripted-chain.ts';

test('the chain is described in one sentence', () => {
  const said = (change: Partial<ReturnType<typeof chainView>>, online = true) =>
    healthOf({ ...chainView(), ...change }, online).sentence;
  assert.equal(said({ finalityMs: 87 }), 'Healthy: final in 0.1 s.');
  assert.equal(said({ finalityMs: 1240 }), 'Healthy: final in 1.2 s.');
  assert.match(said({ state: 'halted' }), /^Halted/);
  assert.match(said({ state: 'syncing' }), /^Catching up/);
  assert.match(said({ problem: 'the clock is wrong' }), /needs your help/);
  assert.match(said({}, false), /^Unknown/, 'a page without its node knows nothing');
});
