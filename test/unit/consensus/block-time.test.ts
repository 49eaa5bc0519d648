import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationChain, secondsEach } from '../../../src/consensus/application/index.ts';
import { grow, START, TestChain } from '../../support/consensus/application.ts';

test('the pace of a chain is measured by the times of its blocks, as soon as there are enough', () => {
  const begun = { height: 0, time: START };
  const after = (height: number, seconds: number) => ({ height, time: START + height * seconds * 1_000 });
  assert.equal(secondsEach(begun, after(99, 5)), 2);
  assert.equal(secondsEach(begun, after(100, 5)), 5);
  assert.equal(secondsEach(after(900, 1), after(1_000, 1)), 1);
  assert.equal(secondsEach(begun, after(100, 500)), 60, 'a network that began long after its genesis');
  assert.equal(secondsEach(begun, { height: 100, time: START - 1 }), 2);
});

test('a wallet is told the pace of the chain it asks', async () => {
  const chain = await TestChain.begun();
  for (let height = 1; height <= 120; height++) await grow(chain);
  const since = () => ({ height: 0, time: START });
  assert.equal((await applicationChain(chain.application, since).status()).blockSeconds, 1);
  assert.equal(
    (await applicationChain(chain.application).status()).blockSeconds,
    2,
    'where nothing is known',
  );
});
