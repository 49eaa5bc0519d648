import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '#base';
import { ask } from '../../../src/consensus/application/queries/application-chain.ts';
import { Cluster, keyOf, until } from '../../support/consensus/cluster.ts';
import { remoteApplication } from '../../support/consensus/remote-chain.ts';
import { genesisFor } from '../../support/consensus/test-genesis.ts';

const TOKENS = 10n ** 12n;
/** Quarters of a second that the two may run without contradicting each other. */
const IN_STEP = 20;

test('a key that runs in two processes is caught, loses its power, and the chain goes on without it', async (t) => {
  const cluster = await Cluster.make({ genesis: (keys) => genesisFor(keys, {}, TOKENS) });
  const cleanUp = [() => cluster.stop()];
  t.after(async () => {
    for (const step of cleanUp.reverse()) await step();
  });
  await cluster.start();
  // Its own last signature is all that a guard can know of: another process with the key does not see it.
  const twin = await cluster.newcomer(keyOf('validator 0'));
  cleanUp.push(() => twin.kill());
  await twin.start();
  const culprit = keyOf('validator 0').publicKey;
  const witness = cluster.validators[1]!;
  const recordOf = async () => {
    const all = await ask(remoteApplication(witness), '/validators', {});
    return all.find(({ key }) => equalBytes(key, culprit))!;
  };
  let record = await recordOf();
  for (let i = 0; i < 1_200 && record.record.tombstoned === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    // Two that keep in step say the same: one that begins anew is out of step.
    if (i % IN_STEP === IN_STEP - 1) {
      await twin.kill();
      await twin.start();
    }
    record = await recordOf();
  }
  assert.equal(record.record.tombstoned, 1, 'nobody reported it');
  assert.ok(record.record.tokens < TOKENS, 'nothing was taken');
  const honest = cluster.validators.slice(1);
  const from = Math.max(...honest.map(({ height }) => height));
  await until(() => honest.every(({ height }) => height >= from + 5), 'going on without it');
  assert.equal((await recordOf()).power, 0);
  assert.deepEqual(cluster.contradictions(honest), []);
});
