/** Rulesets and reports between real nodes: newer rules travel, touch what they are about, and reports are checked. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, toHex } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import type { Node, SafetyView } from '#node';
import {
  AttestationExchange,
  builtInRuleset,
  Clearance,
  DocumentExchange,
  type Report,
  ReportStore,
  type RulesetFields,
  reportHash,
  signRuleset,
} from '#security';
import { updateRuleset } from '../../../src/cli/security/update-ruleset.ts';
import { Directory } from '../../../src/node/peers/directory.ts';
import { attest, attestationFields } from '../../support/attestation.ts';
import { until } from '../../support/network.ts';
import { RULES_KEY, stateOn, world } from '../../support/security-world.ts';

const log = createLog('silent');
const KEY = RULES_KEY.publicKey;

/** The present rules, changed, as the edition that comes `later`. */
async function edition(
  later: number,
  changes: Partial<RulesetFields> = {},
  key = RULES_KEY,
): Promise<Uint8Array> {
  const { id: _, signer: __, ...rules } = await builtInRuleset();
  return signRuleset({ ...rules, version: rules.version + later, ...changes }, key);
}

async function install(home: string, file: Uint8Array): Promise<void> {
  await mkdir(join(home, 'security'), { recursive: true });
  await writeFile(join(home, 'security', 'ruleset.signed'), file);
}

const modelOn = (node: Node, id: string): SafetyView =>
  node.security().models.find(({ modelId }) => modelId === id)!;
const versionOf = (node: Node): number => node.security().examiner!.ruleset.version;

test('every node checks the report that was signed, and shows all of it', async (t) => {
  const w = await world(t);
  const security = await w.security();
  const guarded = { securityAuthorities: [security.id], bootstrap: [security.addresses[0]!] };
  const publisher = await w.start('publisher', { ...guarded, publish: await w.model(), trackerPort: 0 });
  await publisher.work();
  const { id } = publisher.models()[0]!;
  const wordOn = (node: Node) => modelOn(node, id)?.attestations[0];
  await until(() => stateOn(publisher, id) === 'cleared');
  await until(() => [publisher, security].every((node) => wordOn(node)?.check.state === 'agrees'));
  const { report: hash, files } = wordOn(publisher)!;
  const report = await publisher.report(hash);
  assert.equal(report!.files.length, files);
  assert.deepEqual(report, await security.report(hash));
  assert.equal(await publisher.report('0'.repeat(64)), undefined);
  assert.equal(stateOn(publisher, id), 'cleared');

  // Rules that are about none of its files leave it as it is; rules about one bring it into the queue again.
  const { time } = wordOn(security)!;
  const elsewhere = [{ sha256: 'ab'.repeat(32), name: 'elsewhere' }];
  await install(w.home('security'), await edition(1, { advisories: elsewhere }));
  await until(() => security.security().examiner?.rescan?.untouched === 1);
  assert.deepEqual(security.security().examiner!.queue, []);
  assert.equal(wordOn(security)!.time, time);
  const here = [...elsewhere, { sha256: report!.files[0]!.sha256, name: 'here' }];
  await install(w.home('security'), await edition(2, { advisories: here }));
  await until(() => security.security().examiner?.rescan?.done === 1);
  const { version } = security.security().examiner!.ruleset;
  assert.deepEqual(security.security().examiner!.rescan, { version, touched: 1, done: 1, untouched: 0 });
  assert.equal(stateOn(security, id), 'quarantined');
});

test('newer rules: one node takes them by itself, one tells of them, none takes what nobody trusted signed', async (t) => {
  const w = await world(t);
  await install(w.home('spring'), await edition(1));
  const rules = { roles: ['security' as const], rulesetKeys: [toHex(KEY)] };
  const spring = await w.start('spring', rules);
  const address = spring.addresses[0]!;
  const bootstrap = [address];
  const { version } = await builtInRuleset();
  assert.equal(versionOf(spring), version + 1);
  const eager = await w.start('eager', { ...rules, bootstrap, rulesetUpdates: 'auto' });
  const patient = await w.start('patient', { ...rules, bootstrap });
  const stranger = await w.start('stranger', {
    ...rules,
    rulesetKeys: [],
    bootstrap,
    rulesetUpdates: 'auto',
  });
  await until(() => versionOf(eager) === version + 1);
  await until(() => patient.security().examiner?.newer?.version === version + 1);
  // Whoever of the two has it by then.
  assert.match(patient.security().examiner!.newer!.from, /^(spring|eager)$/);
  assert.equal(versionOf(patient), version);

  const home = w.home('patient');
  await assert.rejects(
    updateRuleset(home, address),
    { code: 'RULESET_INVALID' },
    'its key is not among the program’s',
  );
  assert.equal((await updateRuleset(home, address, [KEY])).version, version + 1);
  await until(() => versionOf(patient) === version + 1);
  assert.equal(patient.security().examiner!.newer, undefined);
  await assert.rejects(updateRuleset(home, address, [KEY]), { code: 'RULESET_CURRENT' });
  assert.equal(versionOf(stranger), version);
  assert.equal(stranger.security().examiner!.newer, undefined);
});

test('an update says what is wrong with its source', async (t) => {
  const w = await world(t);
  const home = w.home('x');
  await assert.rejects(updateRuleset(home, join(w.folder, 'nowhere')), {
    code: 'RULESET_INVALID',
    message: /give a file or a node/,
  });
  await assert.rejects(
    updateRuleset(home, '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGRUfFZ3kkTq2tKk5cNMNjFzQ3sxWu9ZkH6Aqj4gn3nYw'),
    { code: 'PEER_UNREACHABLE' },
  );
  const file = join(w.folder, 'old.signed');
  await writeFile(file, await edition(0));
  await assert.rejects(updateRuleset(home, file, [KEY]), { code: 'RULESET_INVALID', message: /not newer/ });
  await writeFile(file, await edition(1, {}, SigningKey.generate()));
  await assert.rejects(updateRuleset(home, file, [KEY]), { code: 'RULESET_INVALID', message: /not trusted/ });
});

test('who clears what the report refuses has cleared nothing', async (t) => {
  const w = await world(t);
  const key = SigningKey.generate();
  const host = await Host.start({ key }, { log });
  t.after(() => host.stop());
  const finding = { rule: 'remote-code', severity: 'high', place: '', detail: 'x' } as const;
  const [file] = [
    { path: 'a.json', size: 3, sha256: new Uint8Array(32), kind: 'json', findings: [finding], omitted: 0 },
  ];
  const { id: ruleset } = await builtInRuleset();
  const report: Report = { format: 1, scanner: 1, ruleset, verdict: 'refused', files: [file] };
  const store = new ReportStore(join(w.folder, 'reports'));
  await store.keep(report);
  await new DocumentExchange(
    { report: (id) => store.bytes(id), ruleset: async () => undefined },
    { host },
  ).start();
  const announcement = {
    id: host.id,
    name: 'liar',
    roles: ['security' as const],
    addresses: host.addresses,
    time: 0,
  };
  const describeSelf = () => ({
    ...announcement,
    time: Date.now(),
    audits: false,
    validator: null,
    swarmPort: 0,
    holdings: [],
  });
  const directory = new Directory({}, { host, key, log });
  t.after(() => directory.stop());
  const clearance = new Clearance({ trust: [host.id], folder: join(w.folder, 'words') }, { log });
  await clearance.open();
  t.after(() => clearance.close());
  const exchange = new AttestationExchange({ host, clearance, log });
  await exchange.start();

  const node = await w.start('node', { securityAuthorities: [host.id] });
  await directory.start(describeSelf);
  await host.connect(node.addresses[0]!);
  await directory.settled();
  const manifest = new Uint8Array(32).fill(3);
  const said = { manifest, report: reportHash(report), files: 1, bytes: 3, time: Date.now() };
  const fields = {
    ...attestationFields(host),
    ...said,
    ruleset: { id: ruleset, name: 'bitorch', version: 1 },
  };
  await exchange.publish(attest({ key, id: host.id }, fields));
  const id = toHex(manifest);
  await until(() => {
    // Gossip may need a moment to find its ways.
    if (!modelOn(node, id))
      void exchange.publish(attest({ key, id: host.id }, { ...fields, time: fields.time++ }));
    return modelOn(node, id)?.attestations[0]?.check.state === 'contradicts';
  });
  assert.deepEqual(modelOn(node, id).attestations[0]!.check.problems, [
    'the attestation clears what its report refuses',
  ]);
  assert.equal(stateOn(node, id), 'pending');
  assert.equal((await node.report(toHex(reportHash(report))))!.verdict, 'refused');
});
