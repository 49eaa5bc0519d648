import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { concat, toHex, utf8 } from '#base';
import { SigningKey } from '#crypto';
import { sandboxAvailability, signRuleset } from '#security';
import { checkpointFile } from '../../support/attacks/checkpoints.ts';
import { Program } from '../../support/program.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

const state = await sandboxAvailability();
const folder = mkdtempSync(join(tmpdir(), 'bitorch-scan-'));
after(() => rmSync(folder, { recursive: true }));
const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname;

const home = join(folder, 'home');
const program = new Program();
after(() => program.stop());

const bitorch = (...args: string[]) => program.run(args, { BITORCH_HOME: home });
/** As a process of its own, where it takes one to show something. */
const run = (args: string[], more: Record<string, string> = {}, input?: Uint8Array) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    ...(input && { input }),
    env: { ...process.env, BITORCH_HOME: home, ...more },
  });
  return { status, stdout, stderr };
};
const place = (path: string, bytes: Uint8Array | string): string => {
  const whole = join(folder, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, bytes);
  return whole;
};

const weights = safetensorsFile({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, 8);
const pickle = concat([Uint8Array.of(0x80, 2), utf8("cposix\nsystem\n(S'id'\ntR.")]);
place('clean/model.safetensors', weights);
place('clean/deep/README.md', '# hello\n');
symlinkSync(join(folder, 'clean/model.safetensors'), join(folder, 'clean/link.safetensors'));
place('bad/model.bin', pickle);
place('bad/config.json', '{}');

test('exit codes: clean, found, could not scan', async () => {
  const clean = run(['scan', join(folder, 'clean')]);
  assert.equal(clean.status, 0, clean.stderr);
  assert.match(clean.stdout, /3 files, .* CLEAN/);
  const bad = run(['scan', join(folder, 'bad')]);
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /calls posix\.system\('id'\)/);
  const missing = run(['scan', join(folder, 'nowhere')]);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /cannot be read/);
  assert.equal((await bitorch('scan', folder, '--ruleset', join(folder, 'nowhere.signed'))).status, 2);
});

test('standard input, patterns, exclusions and the severity that fails', async () => {
  assert.match(run(['scan', '-'], {}, pickle).stdout, /stdin .*\n.*CRITICAL[\s\S]*REFUSED/);
  assert.equal(run(['scan', '-'], {}, utf8('{}')).status, 0);
  assert.equal(run(['scan', '-', '--name', 'model.gguf'], {}, utf8('{}')).status, 1);
  assert.equal((await bitorch('scan', join(folder, 'bad', '*.json'))).status, 0);
  const nothing = await bitorch('scan', join(folder, 'bad', '*.zip'));
  assert.deepEqual([nothing.status, /nothing matches/.test(nothing.stderr)], [2, true]);
  const left = await bitorch('scan', join(folder, 'bad'), '--exclude', '*.bin');
  assert.match(left.stdout, /CLEAN\n {2}not scanned: model\.bin: excluded/);
  assert.equal(left.status, 0);
  const picture = place('low/README.md', Uint8Array.of(0xe9, 0x20));
  for (const [severity, status] of [
    ['low', 1],
    ['medium', 0],
  ] as const)
    assert.equal((await bitorch('scan', picture, '--fail-on', severity)).status, status);
});

test('what cannot be scanned ends neither the scan of the rest nor with "clean"', async () => {
  const both = await bitorch('scan', join(folder, 'nowhere'), join(folder, 'clean'));
  assert.equal(both.status, 2);
  assert.match(both.stdout, /CLEAN/);
  assert.match(both.stderr, /nowhere cannot be read/);
  const index = { weight_map: { a: 'model-00001-of-00001.safetensors' } };
  place('partly/model.safetensors.index.json', JSON.stringify(index));
  const partly = await bitorch('scan', '--format', 'json', join(folder, 'partly'));
  assert.equal(partly.status, 2);
  assert.equal(JSON.parse(partly.stdout).verdict, 'incomplete');
  assert.match(JSON.parse(partly.stdout).scans[0].unread[0], /model-00001-of-00001\.safetensors/);
  for (const usage of [['scan'], ['scan', '--nonsense', 'x'], ['scan', '--format', 'xml', 'x']])
    assert.equal((await bitorch(...usage)).status, 2);
});

test('JSON and SARIF tell the same findings', async () => {
  const json = JSON.parse((await bitorch('scan', '--format', 'json', join(folder, 'bad'))).stdout);
  assert.equal(json.verdict, 'refused');
  const found = json.scans[0].files.flatMap((file: { findings: { rule: string }[] }) => file.findings);
  const output = join(folder, 'report.sarif');
  assert.equal(
    (await bitorch('scan', '--format', 'sarif', '--output', output, join(folder, 'bad'))).status,
    1,
  );
  const { version, runs } = JSON.parse(readFileSync(output, 'utf8'));
  assert.equal(version, '2.1.0');
  const results: { ruleId: string; level: string; ruleIndex: number }[] = runs[0].results;
  assert.deepEqual(
    results.map(({ ruleId }) => ruleId),
    found.map(({ rule }: { rule: string }) => rule),
  );
  for (const { ruleId, ruleIndex } of results) assert.equal(runs[0].tool.driver.rules[ruleIndex].id, ruleId);
  assert.equal(results[0]!.level, 'error');
});

test('a checkpoint becomes safetensors, and is not written over', async () => {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2], strides: [1] };
  const input = place('x.pt', checkpointFile([{ name: 'w', ...view }], [new Uint8Array(8)]));
  const shutIn = state.available ? [] : ['--no-sandbox'];
  const first = await bitorch('convert', input, ...shutIn);
  assert.equal(first.status, 0, first.stderr);
  assert.equal((await bitorch('scan', join(folder, 'x.safetensors'))).status, 0);
  assert.match((await bitorch('convert', input, ...shutIn)).stderr, /already exists/);
  assert.match((await bitorch('convert', place('evil.pt', pickle), ...shutIn)).stderr, /CONVERT_REFUSED/);
});

test('without a sandbox nothing is converted unless one says so', () => {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2], strides: [1] };
  const input = place('y.pt', checkpointFile([{ name: 'w', ...view }], [new Uint8Array(8)]));
  const nowhere = { PATH: join(folder, 'no-programs') };
  const refused = run(['convert', input], nowhere);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /To convert without one use --no-sandbox.*\[SANDBOX_UNAVAILABLE\]/);
  const done = run(['convert', input, '--no-sandbox'], nowhere);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /1 tensors, .*without the sandbox/);
});

test('rules of one’s own count; an update must be signed and newer', async () => {
  const source = new URL('../../../src/security/ruleset/ruleset.json', import.meta.url);
  const fields = JSON.parse(readFileSync(source, 'utf8'));
  fields.rules['unknown-format'].severity = 'low';
  const unknown = place('strange.dat', Uint8Array.of(255, 1, 0, 3));
  assert.equal((await bitorch('scan', unknown)).status, 1);
  assert.equal(
    (await bitorch('scan', unknown, '--ruleset', place('rules.json', JSON.stringify(fields)))).status,
    0,
  );
  const key = SigningKey.generate();
  const signed = place('rules.signed', signRuleset({ ...fields, version: 99 }, key));
  assert.equal((await bitorch('scan', unknown, '--ruleset', signed)).status, 2);
  assert.equal(
    (await bitorch('scan', unknown, '--ruleset', signed, '--ruleset-key', toHex(key.publicKey))).status,
    0,
  );
  assert.match((await bitorch('security', 'update', signed)).stderr, /RULESET_INVALID/);
});

test('an update says where it can come from; what asks a node says when none runs', async () => {
  assert.match((await bitorch('security', 'update')).stderr, /--from FILE or --from ADDRESS.*OPTION_INVALID/);
  const address = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGRUfFZ3kkTq2tKk5cNMNjFzQ3sxWu9ZkH6Aqj4gn3nYw';
  assert.match((await bitorch('security', 'update', '--from', address)).stderr, /PEER_UNREACHABLE/);
  assert.match(
    (await bitorch('security', 'update', '--from', folder)).stderr,
    /cannot be read.*RULESET_INVALID/,
  );
  const status = await bitorch('security', 'status');
  assert.equal(status.status, 3);
  assert.match(status.stderr, /NODE_MISSING/);
});

test('an update of one’s own key is taken from a file, and is in use', async () => {
  const source = new URL('../../../src/security/ruleset/ruleset.json', import.meta.url);
  const fields = JSON.parse(readFileSync(source, 'utf8'));
  const key = SigningKey.generate();
  const trusted = ['--ruleset-keys', toHex(key.publicKey), '--home', join(folder, 'updated')];
  const signed = place('newer.signed', signRuleset({ ...fields, version: 99 }, key));
  assert.match((await bitorch('security', 'update', '--from', signed)).stderr, /RULESET_INVALID/);
  assert.match(
    (await bitorch('security', 'update', '--from', signed, ...trusted)).stdout,
    / 99 .* is in use/,
  );
  assert.match((await bitorch('security', 'rules', ...trusted)).stdout, / 99\n/);
  assert.match((await bitorch('security', 'update', signed, ...trusted)).stderr, /99 is not newer than 99/);
});

test('a running security node tells its rules and its queue', async (t) => {
  const at = join(folder, 'node');
  const node = spawn(process.execPath, [main, 'start', '--roles', 'security', '--home', at], {
    stdio: 'ignore',
  });
  t.after(() => node.kill('SIGKILL'));
  let status = await bitorch('security', 'status', '--home', at);
  while (status.status !== 0) {
    assert.equal(node.exitCode, null, status.stderr);
    await pause(100);
    status = await bitorch('security', 'status', '--home', at);
  }
  assert.match(
    status.stdout,
    /No models are known yet\.[\s\S]*Rules: .* \d+\n[\s\S]*All models on the network have been examined\./,
  );
  const { examiner } = JSON.parse((await bitorch('security', 'status', '--home', at, '--json')).stdout);
  assert.deepEqual(examiner.queue, []);
});
