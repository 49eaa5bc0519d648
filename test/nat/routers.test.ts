import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { eventually, isPublic, startHomes } from '../lab/homes.ts';
import { labProblem } from '../lab/nat-lab.ts';

const skip = labProblem() ?? false;

test('a symmetric router keeps to the relay, slower and whole', { skip }, async (t) => {
  const { homes } = await startHomes(t, ['symmetric', 'port-restricted']);
  const [a, b] = homes;
  await eventually(async () => (await b.reach()).state === 'relayed', 'the second home has a relay');
  const there = await b.address();
  assert.ok(await a.echo(there));
  assert.ok(await a.echo(there));
  assert.ok(!(await a.connections(there)).direct);
  assert.equal((await a.reach()).state, 'relayed');
});

test('a router that lets everybody in makes the home direct, also for one behind a symmetric router', {
  skip,
}, async (t) => {
  const { homes } = await startHomes(t, ['full-cone', 'symmetric']);
  const [open, closed] = homes;
  await eventually(async () => (await open.reach()).state === 'direct', 'strangers reach the first home');
  const there = await open.address();
  assert.ok(there.addresses.some((address) => isPublic(address) && !address.includes('/p2p-circuit')));
  assert.ok(await closed.echo(there));
  assert.ok((await closed.connections(there)).direct);
});

test('the hash table tells of a home at its circuit, and only public addresses', { skip }, async (t) => {
  const { homes } = await startHomes(t, ['port-restricted', 'symmetric'], { dht: true });
  const [provider, seeker] = homes;
  await eventually(async () => (await provider.reach()).state === 'relayed', 'the provider has a relay');
  const { id } = await provider.address();
  const key = createHash('sha256').update('some model').digest('hex');
  const find = async () => {
    await provider.provide(key);
    return (await seeker.find(key)).find((one) => one.id === id);
  };
  await eventually(async () => ((await find())?.addresses.length ?? 0) > 0, 'the provider is found');
  const { addresses } = (await find())!;
  assert.ok(addresses.every((address) => isPublic(address) && address.endsWith('/p2p-circuit')));
});
