import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { IdlePause } from '../../../src/consensus/idle-pause.ts';
import { DecidingNode } from '../../support/consensus/deciding-node.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const beacon = new Uint8Array(1);

/** A node at its first height, after the pause between blocks: it may wait for ten minutes, and does not wait for a proposal. */
async function resting(t: TestContext): Promise<DecidingNode> {
  const asked = Promise.withResolvers<void>();
  const rest = () => {
    asked.resolve();
    return 600_000;
  };
  const node = await DecidingNode.start({ timeouts: { propose: 1 }, rest });
  t.after(() => node.stop());
  await asked.promise;
  for (let i = 0; i < 50; i++) await turn();
  return node;
}

test('a chain rests after many blocks without a transaction, while none waits', () => {
  let waits = false;
  const rest = new IdlePause(5_000, () => waits);
  for (let i = 0; i < 29; i++) rest.note([beacon]);
  assert.equal(rest.ms, 0);
  rest.note([beacon]);
  assert.equal(rest.ms, 5_000);
  waits = true;
  assert.equal(rest.ms, 0);
  waits = false;
  rest.note([beacon, new Uint8Array(9)]);
  assert.equal(rest.ms, 0);
});

test('a resting node decides nothing by itself', async (t) => {
  const node = await resting(t);
  assert.deepEqual(node.said, []);
});

test('a transaction ends its rest', async (t) => {
  const node = await resting(t);
  node.deciding.wake();
  // Nobody proposes in time.
  assert.equal(await node.prevote(), 'nil');
});

test('somebody else who proposes ends its rest', async (t) => {
  const node = await resting(t);
  node.propose(node.block([]));
  assert.equal(await node.prevote(), 'block');
});
