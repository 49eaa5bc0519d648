/** What a security node's word does to real nodes: nothing spreads before it, nothing bad spreads or runs after it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog } from '#base';
import { parseMetainfo, Swarm } from '#distribution';
import type { Node } from '#node';
import { builtInRuleset, signRuleset } from '#security';
import { ask, chat, until } from '../../support/network.ts';
import { RULES_KEY, stateOn, world } from '../../support/security-world.ts';

const log = createLog('silent');

/** Bytes of model files that a node has on its disk. */
async function bytesOnDisk(home: string): Promise<number> {
  const folder = join(home, 'models');
  const paths = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    paths
      .filter((path) => path.includes('/files/'))
      .map(async (path) => (await stat(join(folder, path))).blocks),
  );
  return sizes.reduce((sum, blocks) => sum + 512 * blocks, 0);
}

/** A BitTorrent client that asks the publisher for everything. */
async function stranger(t: TestContext, publisher: Node, folder: string) {
  const swarm = new Swarm({ peerId: new Uint8Array(20).fill(77) }, { log });
  await swarm.start();
  t.after(() => swarm.stop());
  const metainfo = parseMetainfo(publisher.metainfo(publisher.models()[0]!.id)!);
  return swarm.add({ metainfo, directory: folder, trackers: publisher.trackers, want: 'all' });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a pending model is seeded to nobody and run for nobody; once cleared it spreads, and a restart remembers', async (t) => {
  const w = await world(t);
  const before = await w.security();
  const authority = before.id;
  await before.stop();
  const guarded = { securityAuthorities: [authority] };
  const publisher = await w.start('publisher', {
    ...guarded,
    roles: ['seed', 'audit'],
    publish: await w.model(),
    trackerPort: 0,
  });
  await publisher.work();
  const [{ id, safety } = assert.fail('nothing is published')] = publisher.models();
  assert.equal(safety, 'pending');
  const share = {
    ...guarded,
    bootstrap: [publisher.addresses[0]!],
    trackers: [...publisher.trackers],
    model: id,
  };
  const stage = await w.start('stage', { ...share, roles: ['seed', 'run'] });
  const working = stage.work();
  const outside = await stranger(t, publisher, w.home('stranger'));
  await pause(2500);
  assert.equal(outside.progress().bytesHave, 0);
  assert.equal(await bytesOnDisk(w.home('stage')), 0);
  assert.deepEqual(
    publisher.network().transfers[0]!.peers.filter(({ uploaded }) => uploaded > 0),
    [],
  );

  const security = await w.security({ bootstrap: [publisher.addresses[0]!] });
  await working;
  const found = stage.security().models.find(({ modelId }) => modelId === id)!;
  assert.equal(found.state, 'cleared');
  assert.equal(found.attestations[0]?.authority.nodeId, security.id);
  await until(() => outside.progress().bytesHave === outside.progress().bytesTotal);

  await stage.stop();
  await security.stop();
  const again = await w.start('stage', { ...share, roles: ['seed', 'run'] });
  assert.equal(stateOn(again, id), 'cleared', 'from disk: no security node is up');
});

test('a publisher uses its own pending model, and refuses to run it for others', async (t) => {
  const w = await world(t);
  const absent = ['12D3KooWGRUfFZ3kkTq2tKk5cNMNjFzQ3sxWu9ZkH6Aqj4gn3nYw'];
  const publisher = await w.start('publisher', {
    securityAuthorities: absent,
    roles: ['seed', 'run', 'client'],
    publish: await w.model(),
    trackerPort: 0,
  });
  await publisher.work();
  await until(() => publisher.models()[0]?.available === true);
  assert.equal(publisher.models()[0]?.safety, 'pending');
  assert.ok((await chat(publisher, ask('Hello', 3))).some(({ type }) => type === 'token'));

  // A client that checks nothing and has the files already.
  await cp(join(w.home('publisher'), 'models'), join(w.home('client'), 'models'), { recursive: true });
  const client = await w.start('client', {
    securityAuthorities: 'none',
    roles: ['client'],
    bootstrap: [publisher.addresses[0]!],
    model: publisher.models()[0]!.id,
  });
  await client.work();
  await until(() => client.models()[0]?.available === true);
  await assert.rejects(chat(client, ask('Hello', 3)), /no security node has cleared this model yet/);
});

test('a model with code never leaves its publisher: no other node holds a byte, and everybody hears why', async (t) => {
  const w = await world(t);
  const security = await w.security();
  const source = await w.model((folder) =>
    writeFile(join(folder, 'processor.json'), JSON.stringify({ auto_map: { AutoModel: 'evil.Model' } })),
  );
  const guarded = { securityAuthorities: [security.id], bootstrap: [security.addresses[0]!] };
  const publisher = await w.start('publisher', { ...guarded, publish: source, trackerPort: 0 });
  await publisher.work();
  const { id } = publisher.models()[0]!;
  const share = { ...guarded, trackers: [...publisher.trackers], model: id };
  const stage = await w.start('stage', { ...share, roles: ['seed', 'run'] });
  const outside = await stranger(t, publisher, w.home('stranger'));
  await assert.rejects(stage.work(), /was quarantined by security: processor\.json: .*\. .+/);
  await until(() => stateOn(publisher, id) === 'quarantined');
  const [attestation] = publisher.security().models[0]!.attestations;
  const finding = attestation!.findings.find(({ file }) => file === 'processor.json')!;
  assert.ok(finding.title && finding.fix);
  await pause(1500);
  assert.equal(outside.progress().bytesHave, 0);
  assert.equal(await bytesOnDisk(w.home('stage')), 0);
  assert.equal(await bytesOnDisk(w.home('security')), 0, 'the security node keeps no copy');
  const taken = publisher.network().transfers[0]!.peers.filter(({ uploaded }) => uploaded > 0);
  assert.deepEqual(
    taken.map(({ nodeId }) => nodeId).filter((node) => node !== security.id),
    [],
  );
});

test('new rules quarantine a model that runs: everywhere, at once, and for good', async (t) => {
  const w = await world(t);
  const security = await w.security();
  const guarded = { securityAuthorities: [security.id], bootstrap: [security.addresses[0]!] };
  const publisher = await w.start('publisher', { ...guarded, publish: await w.model(), trackerPort: 0 });
  await publisher.work();
  const { id } = publisher.models()[0]!;
  const share = { ...guarded, trackers: [...publisher.trackers], model: id };
  const stage = await w.start('stage', { ...share, roles: ['seed', 'run'] });
  await stage.work();
  const client = await w.start('client', { ...share, roles: ['client'] });
  await client.work();
  await until(() => client.models()[0]?.available === true);
  assert.ok((await chat(client, ask('Hello', 3))).some(({ type }) => type === 'token'));

  const { id: _, signer: __, ...rules } = await builtInRuleset();
  const metainfo = parseMetainfo(publisher.metainfo(id)!);
  const sha256 = await weightsHash(w.home('source'));
  assert.ok(metainfo.files.length > 1);
  const advisories = [{ sha256, name: 'test.advisory' }];
  const file = signRuleset({ ...rules, version: rules.version + 1, advisories }, RULES_KEY);
  await mkdir(join(w.home('security'), 'security'), { recursive: true });
  await writeFile(join(w.home('security'), 'security', 'ruleset.signed'), file);

  await until(() => [publisher, stage, client].every((node) => stateOn(node, id) === 'quarantined'));
  await until(() => client.models()[0]?.available === false);
  await assert.rejects(chat(client, ask('Hello', 3)), /was quarantined by security: model\.safetensors/);
  const outside = await stranger(t, publisher, w.home('stranger'));
  await pause(1500);
  assert.equal(outside.progress().bytesHave, 0);
  assert.equal(security.security().examiner?.ruleset.version, rules.version + 1);
  assert.deepEqual(security.security().examiner?.queue, []);
});

async function weightsHash(folder: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, 'model.safetensors')))
    .digest('hex');
}

test('the word of a security node that is not trusted counts for nothing', async (t) => {
  const w = await world(t);
  const security = await w.security();
  const publisher = await w.start('publisher', {
    securityAuthorities: ['12D3KooWGRUfFZ3kkTq2tKk5cNMNjFzQ3sxWu9ZkH6Aqj4gn3nYw'],
    bootstrap: [security.addresses[0]!],
    publish: await w.model(),
    trackerPort: 0,
  });
  await publisher.work();
  await pause(3000);
  assert.equal(stateOn(publisher, publisher.models()[0]!.id), 'pending');
  assert.equal(await bytesOnDisk(w.home('security')), 0, 'it gets no pieces either');
});
