/** `bitorch scan hf:…` as people and CI run it, against a server that behaves like the Hub. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { concat, utf8 } from '#base';
import { startHub } from '../../support/hub.ts';
import { Program } from '../../support/program.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitorch-hub-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
const BYTES = 400_000;
const weights = safetensorsFile({ a: { dtype: 'U8', shape: [BYTES], data_offsets: [0, BYTES] } }, BYTES);
const pickle = concat([Uint8Array.of(0x80, 2), utf8("cposix\nsystem\n(S'id'\ntR.")]);

function start(home: string, ...args: string[]) {
  const env = { ...process.env, BITORCH_HOME: join(folder, home) };
  const child = spawn(process.execPath, [main, 'scan', ...args], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return { child, ended: end(child).then((status) => ({ status, stdout, stderr })) };
}
const end = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('close', resolve));
const program = new Program();
after(() => program.stop());
const bitorchScan = (home: string, ...args: string[]) =>
  program.run(['scan', ...args], { BITORCH_HOME: join(folder, home) });

test('a clean repository, every file of it, by exit code 0; one with a pickle by 1', async (t) => {
  const hub = await startHub(t, 'org/clean', {
    'model.safetensors': weights,
    'deep/config.json': utf8('{}'),
    'README.md': utf8('# hello\n'),
  });
  const clean = await start('a', 'hf:org/clean', '--hub', hub.url).ended;
  assert.equal(clean.status, 0, clean.stderr);
  assert.match(clean.stdout, /3 files, .* CLEAN/);
  assert.match(hub.requests.join(), /deep\/config\.json/);

  const bad = await startHub(t, 'org/bad', { 'model.safetensors': weights, 'extra.bin': pickle });
  const refused = await bitorchScan('a', 'hf:org/bad', '--hub', bad.url, '--format', 'json');
  assert.equal(refused.status, 1, refused.stderr);
  const { verdict, scans } = JSON.parse(refused.stdout);
  assert.equal(verdict, 'refused');
  const paths = scans[0].files.map(({ path }: { path: string }) => path);
  assert.deepEqual(paths, ['hf:org/bad/extra.bin', 'hf:org/bad/model.safetensors']);
});

test('a branch that has moved on is fetched and scanned anew, a commit is not', async (t) => {
  const hub = await startHub(t, 'org/moves', { 'model.safetensors': weights });
  const scanned = async (spec = 'hf:org/moves') => (await bitorchScan('f', spec, '--hub', hub.url)).status;
  assert.equal(await scanned(), 0);
  const fetches = () => hub.requests.filter((request) => request.includes('/resolve/')).length;
  const before = fetches();
  assert.equal(await scanned(), 0);
  assert.equal(fetches(), before, 'the cache answers');
  hub.commit({ 'model.safetensors': weights, 'extra.bin': pickle });
  assert.equal(await scanned(), 1);

  const [, commit] = /tree\/([0-9a-f]{40})/.exec(hub.requests.join('\n'))!;
  const asked = hub.requests.length;
  assert.equal(await scanned(`hf:org/moves@${commit}`), 0);
  assert.equal(hub.requests.length, asked, 'a commit does not change');
});

test('the address of the Hub comes from the environment as well', async (t) => {
  const hub = await startHub(t, 'org/clean', { 'README.md': utf8('# hello\n') });
  const env = { BITORCH_HOME: join(folder, 'b'), HF_ENDPOINT: hub.url };
  assert.equal((await program.run(['scan', 'hf:org/clean'], env)).status, 0);
  assert.ok(hub.requests.length > 0);
});

test('a scan that was killed while it fetched goes on where it was', async (t) => {
  const hub = await startHub(t, 'org/long', { 'model.safetensors': weights });
  hub.stallAfter = 150_000;
  const first = start('c', 'hf:org/long', '--hub', hub.url);
  while (first.child.exitCode === null && fetchedBytes(join(folder, 'c')) < 100_000) await pause(20);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = await bitorchScan('c', 'hf:org/long', '--hub', hub.url);
  assert.equal(second.status, 0, second.stderr);
  assert.match(hub.requests.join('\n'), new RegExp(`bytes=[1-9]\\d{4,}-${weights.length - 1}$`, 'm'));
});

/** Bytes of files that are not whole yet. */
function fetchedBytes(home: string): number {
  if (!existsSync(home)) return 0;
  const parts = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.part'),
  );
  return parts.reduce((sum, name) => sum + statSync(join(home, name)).size, 0);
}

test('offline, and for a name that is not there, it says why and what to do, by exit code 2', async (t) => {
  const port = await freePort();
  const offline = await bitorchScan('d', 'hf:org/x', '--hub', `http://127.0.0.1:${port}`);
  assert.equal(offline.status, 2);
  assert.match(
    offline.stderr,
    /cannot fetch org\/x from http:\/\/127.*ECONNREFUSED.*check the connection.*\[SOURCE_UNREACHABLE\]/,
  );
  assert.equal(offline.stdout, '');
  const hub = await startHub(t, 'org/clean', { 'README.md': utf8('#') });
  const missing = await bitorchScan('d', 'hf:org/nowhere', '--hub', hub.url);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /check the name.*\[MODEL_NOT_FOUND\]/);
});

test('bytes that are not those that the Hub lists are not judged', async (t) => {
  const files = { 'model.safetensors': weights };
  const hub = await startHub(t, 'org/false', files);
  files['model.safetensors'] = Uint8Array.from(weights, (byte, n) => (n > 200 ? 1 : byte));
  const { status, stderr } = await bitorchScan('e', 'hf:org/false', '--hub', hub.url);
  assert.equal(status, 2);
  assert.match(stderr, /SOURCE_CORRUPT/);
});

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
