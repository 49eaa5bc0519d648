/** The archives of a release: other programs read them, and the same files give the same bytes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { checksums, signText } from '../../../scripts/release/checksums.ts';
import { debOf } from '../../../scripts/release/deb.ts';
import { textEntry } from '../../../scripts/release/entry.ts';
import { selfExtracting } from '../../../scripts/release/self-extracting.ts';
import { tarOf } from '../../../scripts/release/tar.ts';
import { TARGETS } from '../../../scripts/release/targets.ts';
import { zipOf } from '../../../scripts/release/zip.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const run = promisify(execFile);
const SECONDS = 1_700_000_000;

/** Stands for Node: it renames as the launcher asks, or tells with what it was started. */
const FAKE_NODE = `#!/bin/sh
if [ "$1" = -e ]; then mv "$3" "$4"; exit; fi
echo "launcher $BITORCH_LAUNCHER" "$@"
exit 7
`;
const LONG = `app/${'folder/'.repeat(16)}${'n'.repeat(90)}.js`;
const ENTRIES = [
  textEntry('bin/node', FAKE_NODE, true),
  textEntry('app/src/cli/main.ts', 'main'),
  textEntry(LONG, 'long'),
  textEntry('app/empty', ''),
];
const REVERSED = ENTRIES.toReversed();
const bundle = { version: '1.2.3', entries: ENTRIES, seconds: SECONDS };
const debian = { ...bundle, architecture: 'amd64' };

test('the same files give the same bytes in any order', () => {
  for (const made of [
    (entries: typeof ENTRIES) => tarOf(entries, SECONDS),
    (entries: typeof ENTRIES) => zipOf(entries, SECONDS),
    (entries: typeof ENTRIES) => debOf({ ...debian, entries }),
    (entries: typeof ENTRIES) => selfExtracting({ ...bundle, entries }),
  ])
    assert.deepEqual(made(ENTRIES), made(REVERSED));
});

test('tar unpacks the archive with modes, times and long paths', async (t) => {
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, 'a.tar'), tarOf(ENTRIES, SECONDS));
  await run('tar', ['-xf', 'a.tar'], { cwd: folder });
  for (const { path, bytes, executable } of ENTRIES) {
    assert.deepEqual(await readFile(join(folder, path)), bytes, path);
    const { mode, mtimeMs } = await stat(join(folder, path));
    assert.equal((mode & 0o100) !== 0, executable, path);
    assert.equal(mtimeMs, SECONDS * 1000, path);
  }
  assert.throws(() => tarOf([textEntry('x'.repeat(101), '')], SECONDS), /too long for tar/);
});

test('a reader of zip archives finds the same files', async (t) => {
  const path = join(await temporaryDirectory(t), 'a.zip');
  await writeFile(path, zipOf(ENTRIES, SECONDS));
  const archive = await openPromise(path, { autoClose: false });
  const found = new Map<string, string>();
  for await (const entry of archive.eachEntry())
    found.set(entry.fileName, await text(await archive.openReadStreamPromise(entry)));
  archive.close();
  assert.deepEqual(found, new Map(ENTRIES.map((entry) => [entry.path, `${entry.bytes}`])));
});

test('dpkg reads the package', async (t) => {
  const folder = await temporaryDirectory(t);
  const path = join(folder, 'a.deb');
  await writeFile(path, debOf(debian));
  const contents = await run('dpkg-deb', ['--contents', path]).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!contents) return t.skip('dpkg-deb is not installed');
  assert.match(contents.stdout, /^-rwxr-xr-x root\/root +\d+ \S+ \S+ \.\/bin\/node$/m);
  const { stdout } = await run('dpkg-deb', ['--field', path, 'Package', 'Version', 'Architecture']);
  assert.equal(stdout, 'Package: bitorch\nVersion: 1.2.3\nArchitecture: amd64\n');
});

test('a single file unpacks once, then starts what is there with its arguments and exit code', async (t) => {
  if (process.platform === 'win32') return t.skip('it is a shell script');
  const home = await temporaryDirectory(t);
  const folder = join(home, 'my downloads');
  const file = join(folder, 'bitorch');
  await mkdir(folder);
  await writeFile(file, selfExtracting(bundle));
  await chmod(file, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: home };
  const start = (command: string, options = {}) =>
    run(command, ['a b', '--port', '1'], { env, ...options }).then(
      () => assert.fail('the exit code is lost'),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  const first = await start(file);
  const [place, ...others] = await readdir(join(home, '.cache/bitorch'));
  assert.deepEqual(others, []);
  assert.match(place!, /^1\.2\.3-[0-9a-f]{16}$/);
  const main = join(home, '.cache/bitorch', place!, 'app/src/cli/main.ts');
  const expected = { code: 7, stdout: `launcher ${file} ${main} a b --port 1\n` };
  assert.deepEqual(first, expected);
  await writeFile(main, 'unpacked once');
  assert.deepEqual(await start('./bitorch', { cwd: folder }), expected);
  assert.deepEqual(await start('bitorch'), expected);
  assert.equal(await readFile(main, 'utf8'), 'unpacked once');
});

test('an incomplete file says so and leaves nothing behind', async (t) => {
  if (process.platform === 'win32') return t.skip('it is a shell script');
  const home = await temporaryDirectory(t);
  const file = join(home, 'bitorch');
  await writeFile(file, selfExtracting(bundle).subarray(0, -200));
  const env = { PATH: process.env.PATH, HOME: home };
  await assert.rejects(run('sh', [file], { env }), {
    code: 1,
    stderr: /is the disk full, or the file incomplete\?/,
  });
  assert.deepEqual(await readdir(join(home, '.cache/bitorch')), []);
  await assert.rejects(run('sh', [file], { env: { PATH: process.env.PATH } }), {
    stderr: /set HOME or XDG_CACHE_HOME/,
  });
});

test('checksums are those of sha256sum, and their signature needs a key of Ed25519', async (t) => {
  const folder = await temporaryDirectory(t);
  const files = new Map([
    ['b', Buffer.from('second')],
    ['a', Buffer.from('first')],
  ]);
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  const sums = checksums(files);
  assert.match(sums, /^[0-9a-f]{64} {2}a\n[0-9a-f]{64} {2}b\n$/);
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  assert.ok(verify(null, Buffer.from(sums), createPublicKey(pem), signText(sums, pem)));
  const other = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  assert.throws(() => signText(sums, other), /openssl genpkey -algorithm ed25519/);
});

test('Linux and Windows get the Node that the project runs on', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: { node: string };
  };
  for (const { platform, node } of TARGETS)
    if (platform !== 'darwin') assert.equal(node.version, dependencies.node, node.name);
});
