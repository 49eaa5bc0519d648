/** A node that is far behind, and the blocks of others: whom it believes them from. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fromHex } from '#base';
import { ChainNode } from '../../support/consensus/chain-node.ts';
import { keyOf, until } from '../../support/consensus/cluster.ts';
import { genesisFor } from '../../support/consensus/test-genesis.ts';

const VOUCHED = 5;

let folder: string;
let validator: ChainNode;
const nodes: ChainNode[] = [];

function nodeOf(name: string, key?: ReturnType<typeof keyOf>): ChainNode {
  const genesis = join(folder, 'genesis.json');
  const node = new ChainNode({
    name,
    home: join(folder, name),
    genesis,
    key: keyOf(name),
    ...(key && { validator: key }),
  });
  nodes.push(node);
  return node;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitorch-trust-'));
  // Its genesis is older than the trusting period.
  writeFileSync(join(folder, 'genesis.json'), genesisFor([keyOf('validator')]));
  validator = nodeOf('validator', keyOf('validator'));
  await validator.start();
  await until(() => validator.status.height > VOUCHED + 5, 'ten blocks');
});
after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test('blocks after a genesis that is too old are not run through, and the node says what to do', async () => {
  const node = nodeOf('newcomer');
  await node.start([validator.contact], { snapshotLag: 3 });
  await until(() => node.status.problem !== undefined, 'a reason');
  assert.match(node.status.problem!, /too old.*--trust HEIGHT:ID/);
  assert.deepEqual([node.status.height, node.status.state], [0, 'syncing']);
});

test('with a block that somebody vouches for they are', async () => {
  const node = nodeOf('told');
  const checkpoint = { height: VOUCHED, id: fromHex(validator.blocks.get(VOUCHED)!) };
  await node.start([validator.contact], { snapshotLag: 3, checkpoint });
  await until(() => node.status.height > VOUCHED + 5, 'the same blocks');
  assert.equal(node.status.problem, undefined);
  assert.equal(node.blocks.get(VOUCHED + 1), validator.blocks.get(VOUCHED + 1));
});

test('a block that was vouched for so long ago that its voters may have left vouches for no later one', async () => {
  const node = nodeOf('told long ago');
  const checkpoint = { height: VOUCHED, id: fromHex(validator.blocks.get(VOUCHED)!) };
  await node.start([validator.contact], { snapshotLag: 3, checkpoint, trustingPeriodMs: 1 });
  await until(() => node.status.problem !== undefined, 'a reason');
  assert.equal(node.status.height, VOUCHED);
});
