import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, isPublic, startHomes } from '../../lab/homes.ts';
import { labProblem } from '../../lab/nat-lab.ts';

const skip = labProblem() ?? false;

test('two homes behind port-restricted routers punch a hole, which outlives the relay', {
  skip,
}, async (t) => {
  const { relay, homes } = await startHomes(t, ['port-restricted', 'port-restricted']);
  const [a, b] = homes;
  await eventually(async () => (await b.reach()).state === 'relayed', 'the second home has a relay');
  assert.equal((await relay.reach()).state, 'direct');
  const there = await b.address();
  assert.ok(there.addresses.some((address) => isPublic(address) && address.includes('/p2p-circuit')));
  assert.ok(await a.echo(there));
  await eventually(async () => (await a.connections(there)).direct, 'the homes are connected directly');
  await eventually(async () => (await a.reach()).state === 'hole-punched', 'the first home knows it');
  await relay.kill();
  assert.ok(await a.echo(there));
  assert.ok((await a.connections(there)).direct);
});
