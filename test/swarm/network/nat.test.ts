import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { LabHost } from '../../lab/lab-host.ts';
import { labProblem, type NatKind, NatLab } from '../../lab/nat-lab.ts';
import { afterwards } from '../../support/swarm.ts';

const skip = labProblem() ?? false;
const PORT = 4001;

interface World {
  readonly lab: NatLab;
  readonly relay: LabHost;
  readonly homes: readonly [LabHost, LabHost];
}

/** Two homes behind routers and a public node that both are connected with; quiet about UPnP, multicast and DHT. */
async function world(t: TestContext, kinds: readonly [NatKind, NatKind], dht = false): Promise<World> {
  const lab = new NatLab();
  afterwards(t, () => lab.stop());
  const reach = { portMapping: false, lan: false, dht };
  const start = async (namespace: string, address: string) => {
    const host = await LabHost.start(namespace, { listen: [`/ip4/${address}/tcp/${PORT}`], reach });
    afterwards(t, () => host.kill());
    return host;
  };
  const place = lab.publicPlace();
  const relay = await start(place.namespace, place.address);
  const homes = kinds.map((kind) => lab.home(kind));
  const [a, b] = await Promise.all(homes.map(({ namespace, address }) => start(namespace, address)));
  const where = { id: (await relay.address()).id, addresses: [`/ip4/${place.address}/tcp/${PORT}`] };
  await Promise.all([a!.connect(where), b!.connect(where)]);
  return { lab, relay, homes: [a!, b!] };
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`never true: ${what}`);
}

const isPublic = (address: string) => address.startsWith('/ip4/45.');

test('two homes behind port-restricted routers punch a hole, which outlives the relay', {
  skip,
}, async (t) => {
  const { relay, homes } = await world(t, ['port-restricted', 'port-restricted']);
  const [a, b] = homes;
  await until(async () => (await b.reach()).state === 'relayed', 'the second home has a relay');
  assert.equal((await relay.reach()).state, 'direct');
  const there = await b.address();
  assert.ok(there.addresses.some((address) => isPublic(address) && address.includes('/p2p-circuit')));
  assert.ok(await a.echo(there));
  await until(async () => (await a.connections(there)).direct, 'the homes are connected directly');
  assert.equal((await a.reach()).state, 'hole-punched');
  await relay.kill();
  assert.ok(await a.echo(there));
  assert.ok((await a.connections(there)).direct);
});

test('a symmetric router keeps to the relay, slower and whole', { skip }, async (t) => {
  const { homes } = await world(t, ['symmetric', 'port-restricted']);
  const [a, b] = homes;
  await until(async () => (await b.reach()).state === 'relayed', 'the second home has a relay');
  const there = await b.address();
  assert.ok(await a.echo(there));
  assert.ok(await a.echo(there));
  assert.ok(!(await a.connections(there)).direct);
  assert.equal((await a.reach()).state, 'relayed');
});

test('a router that lets everybody in makes the home direct, also for one behind a symmetric router', {
  skip,
}, async (t) => {
  const { homes } = await world(t, ['full-cone', 'symmetric']);
  const [open, closed] = homes;
  await until(async () => (await open.reach()).state === 'direct', 'strangers reach the first home');
  const there = await open.address();
  assert.ok(there.addresses.some((address) => isPublic(address) && !address.includes('/p2p-circuit')));
  assert.ok(await closed.echo(there));
  assert.ok((await closed.connections(there)).direct);
});

test('the hash table tells of a home at its circuit, and only public addresses', { skip }, async (t) => {
  const { homes } = await world(t, ['port-restricted', 'symmetric'], true);
  const [provider, seeker] = homes;
  await until(async () => (await provider.reach()).state === 'relayed', 'the provider has a relay');
  const { id } = await provider.address();
  const key = createHash('sha256').update('some model').digest('hex');
  const find = async () => {
    await provider.provide(key);
    return (await seeker.find(key)).find((one) => one.id === id);
  };
  await until(async () => ((await find())?.addresses.length ?? 0) > 0, 'the provider is found');
  const { addresses } = (await find())!;
  assert.ok(addresses.every((address) => isPublic(address) && address.endsWith('/p2p-circuit')));
});
