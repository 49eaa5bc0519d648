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
import { safetensorsFile } from '../../support/safetensors-file.ts';

const state = await sandboxAvailability();
const folder = mkdtempSync(join(tmpdir(), 'bitorch-scan-'));
after(() => rmSync(folder, { recursive: true }));
const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname;

const bitorch = (...args: string[]) => bitorchIn({}, ...args);
const bitorchIn = (more: Record<string, string>, ...args: string[]) => run(args, more);
const run = (args: string[], more: Record<string, string> = {}, input?: Uint8Array) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    ...(input && { input }),
    env: { ...process.env, BITORCH_HOME: join(folder, 'home'), ...more },
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

test('exit codes: clean, found, could not scan', () => {
  const clean = bitorch('scan', join(folder, 'clean'));
  assert.equal(clean.status, 0, clean.stderr);
  assert.match(clean.stdout, /3 files, .* CLEAN/);
  const bad = bitorch('scan', join(folder, 'bad'));
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /calls posix\.system\('id'\)/);
  const missing = bitorch('scan', join(folder, 'nowhere'));
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /cannot be read/);
  assert.equal(bitorch('scan', folder, '--ruleset', join(folder, 'nowhere.signed')).status, 2);
});

test('standard input, patterns, exclusions and the severity that fails', () => {
  assert.match(run(['scan', '-'], {}, pickle).stdout, /stdin .*\n.*CRITICAL[\s\S]*REFUSED/);
  assert.equal(run(['scan', '-'], {}, utf8('{}')).status, 0);
  assert.equal(run(['scan', '-', '--name', 'model.gguf'], {}, utf8('{}')).status, 1);
  assert.equal(bitorch('scan', join(folder, 'bad', '*.json')).status, 0);
  const nothing = bitorch('scan', join(folder, 'bad', '*.zip'));
  assert.deepEqual([nothing.status, /nothing matches/.test(nothing.stderr)], [2, true]);
  const left = bitorch('scan', join(folder, 'bad'), '--exclude', '*.bin');
  assert.match(left.stdout, /CLEAN\n {2}not scanned: model\.bin: excluded/);
  assert.equal(left.status, 0);
  const picture = place('low/README.md', Uint8Array.of(0xe9, 0x20));
  assert.deepEqual(
    ['low', 'medium'].map((severity) => bitorch('scan', picture, '--fail-on', severity).status),
    [1, 0],
  );
});

test('what cannot be scanned ends neither the scan of the rest nor with "clean"', () => {
  const both = bitorch('scan', join(folder, 'nowhere'), join(folder, 'clean'));
  assert.equal(both.status, 2);
  assert.match(both.stdout, /CLEAN/);
  assert.match(both.stderr, /nowhere cannot be read/);
  const index = { weight_map: { a: 'model-00001-of-00001.safetensors' } };
  place('partly/model.safetensors.index.json', JSON.stringify(index));
  const partly = bitorch('scan', '--format', 'json', join(folder, 'partly'));
  assert.equal(partly.status, 2);
  assert.equal(JSON.parse(partly.stdout).verdict, 'incomplete');
  assert.match(JSON.parse(partly.stdout).scans[0].unread[0], /model-00001-of-00001\.safetensors/);
  for (const usage of [['scan'], ['scan', '--nonsense', 'x'], ['scan', '--format', 'xml', 'x']])
    assert.equal(bitorch(...usage).status, 2);
});

test('JSON and SARIF tell the same findings', () => {
  const json = JSON.parse(bitorch('scan', '--format', 'json', join(folder, 'bad')).stdout);
  assert.equal(json.verdict, 'refused');
  const found = json.scans[0].files.flatMap((file: { findings: { rule: string }[] }) => file.findings);
  const output = join(folder, 'report.sarif');
  assert.equal(bitorch('scan', '--format', 'sarif', '--output', output, join(folder, 'bad')).status, 1);
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

test('a checkpoint becomes safetensors, and is not written over', () => {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2], strides: [1] };
  const input = place('x.pt', checkpointFile([{ name: 'w', ...view }], [new Uint8Array(8)]));
  const shutIn = state.available ? [] : ['--no-sandbox'];
  const first = bitorch('convert', input, ...shutIn);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(bitorch('scan', join(folder, 'x.safetensors')).status, 0);
  assert.match(bitorch('convert', input, ...shutIn).stderr, /already exists/);
  assert.match(bitorch('convert', place('evil.pt', pickle), ...shutIn).stderr, /CONVERT_REFUSED/);
});

test('without a sandbox nothing is converted unless one says so', () => {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2], strides: [1] };
  const input = place('y.pt', checkpointFile([{ name: 'w', ...view }], [new Uint8Array(8)]));
  const nowhere = { PATH: join(folder, 'no-programs') };
  const refused = bitorchIn(nowhere, 'convert', input);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /To convert without one use --no-sandbox.*\[SANDBOX_UNAVAILABLE\]/);
  const done = bitorchIn(nowhere, 'convert', input, '--no-sandbox');
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /1 tensors, .*without the sandbox/);
});

test('rules of one’s own count; an update must be signed and newer', () => {
  const source = new URL('../../../src/security/ruleset/ruleset.json', import.meta.url);
  const fields = JSON.parse(readFileSync(source, 'utf8'));
  fields.rules['unknown-format'].severity = 'low';
  const unknown = place('strange.dat', Uint8Array.of(255, 1, 0, 3));
  assert.equal(bitorch('scan', unknown).status, 1);
  assert.equal(bitorch('scan', unknown, '--ruleset', place('rules.json', JSON.stringify(fields))).status, 0);
  const key = SigningKey.generate();
  const signed = place('rules.signed', signRuleset({ ...fields, version: 99 }, key));
  assert.equal(bitorch('scan', unknown, '--ruleset', signed).status, 2);
  assert.equal(
    bitorch('scan', unknown, '--ruleset', signed, '--ruleset-key', toHex(key.publicKey)).status,
    0,
  );
  assert.match(bitorch('security', 'update', signed).stderr, /RULESET_INVALID/);
});

test('an update says where it can come from; what asks a node says when none runs', () => {
  assert.match(bitorch('security', 'update').stderr, /--from FILE or --from ADDRESS.*OPTION_INVALID/);
  const address = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGRUfFZ3kkTq2tKk5cNMNjFzQ3sxWu9ZkH6Aqj4gn3nYw';
  assert.match(bitorch('security', 'update', '--from', address).stderr, /PEER_UNREACHABLE/);
  assert.match(bitorch('security', 'update', '--from', folder).stderr, /cannot be read.*RULESET_INVALID/);
  const status = bitorch('security', 'status');
  assert.equal(status.status, 3);
  assert.match(status.stderr, /NODE_MISSING/);
});

test('an update of one’s own key is taken from a file, and is in use', () => {
  const source = new URL('../../../src/security/ruleset/ruleset.json', import.meta.url);
  const fields = JSON.parse(readFileSync(source, 'utf8'));
  const key = SigningKey.generate();
  const trusted = ['--ruleset-keys', toHex(key.publicKey), '--home', join(folder, 'updated')];
  const signed = place('newer.signed', signRuleset({ ...fields, version: 99 }, key));
  assert.match(bitorch('security', 'update', '--from', signed).stderr, /RULESET_INVALID/);
  assert.match(bitorch('security', 'update', '--from', signed, ...trusted).stdout, / 99 .* is in use/);
  assert.match(bitorch('security', 'rules', ...trusted).stdout, / 99\n/);
  assert.match(bitorch('security', 'update', signed, ...trusted).stderr, /99 is not newer than 99/);
});

test('a running security node tells its rules and its queue', async (t) => {
  const home = join(folder, 'node');
  const node = spawn(process.execPath, [main, 'start', '--roles', 'security', '--home', home], {
    stdio: 'ignore',
  });
  t.after(() => node.kill('SIGKILL'));
  let status = bitorch('security', 'status', '--home', home);
  for (let tries = 0; status.status !== 0 && tries < 60; tries++) {
    await pause(250);
    status = bitorch('security', 'status', '--home', home);
  }
  assert.equal(status.status, 0, status.stderr);
  assert.match(
    status.stdout,
    /No models are known yet\.[\s\S]*Rules: .* \d+\n[\s\S]*All models on the network have been examined\./,
  );
  const { examiner } = JSON.parse(bitorch('security', 'status', '--home', home, '--json').stdout);
  assert.deepEqual(examiner.queue, []);
});
