/**
 * Makes the files of a release in `dist/release`: `npm run release [-- --only NAME…] [--base IMAGE]`. Names: linux-x64, linux-arm64,
 * windows-x64, macos-arm64, macos-x64, image. A file that cannot be made is skipped and the reason told. Signs with the key that
 * BITORCH_RELEASE_KEY names. Exit code 1 if a file that was named by --only could not be made.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '#base';
import { run } from './poc/command.ts';
import { checksums, signText } from './release/checksums.ts';
import { debOf } from './release/deb.ts';
import { saveImage } from './release/image.ts';
import { debianEntries, programEntries, windowsLauncher } from './release/program.ts';
import { selfExtracting } from './release/self-extracting.ts';
import { TARGETS, type Target } from './release/targets.ts';
import { zipOf } from './release/zip.ts';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, '.data/cache/release');

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    base: { type: 'string', default: 'node:24-bookworm-slim' },
    out: { type: 'string', default: join(ROOT, 'dist/release') },
  },
});
const { out, base, only } = values;
const names = [...TARGETS.map(({ name }) => name), 'image'];
const unknown = only?.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: write one of ${names.join(', ')}`);
const isWanted = (name: string) => only?.includes(name) ?? true;

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
/** All files have the time of the commit, so that the same commit gives the same bytes. */
const seconds = Number(await run(['git', '-C', ROOT, 'log', '-1', '--format=%ct']));
const made = new Map<string, Uint8Array>();

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
/** A page of its own: that of the checkout may be in use. */
const page = await mkdtemp(join(tmpdir(), 'bitorch-page-'));
await run(['npm', '--prefix', ROOT, 'run', '--silent', 'build:web', '--', '--outDir', page]);
if ((await run(['git', '-C', ROOT, 'status', '--porcelain'])) !== '')
  print('note: there are changes that are not committed, so this is no release of the commit');
for (const target of TARGETS.filter(({ name }) => isWanted(name)))
  await attempt(target.name, () => make(target));
if (isWanted('image'))
  await attempt('image', async () => {
    const name = await saveImage(out, version, base);
    made.set(name, await readFile(join(out, name)));
    print(name);
  });
await seal();
await rm(page, { recursive: true, force: true });

async function make(target: Target): Promise<void> {
  const program = await programEntries(target, { page, cache: CACHE });
  const file = `bitorch-${version}-${target.name}`;
  const bundle = { version, entries: program, seconds };
  if (target.platform === 'win32') await save(`${file}.zip`, zipOf([...program, windowsLauncher()], seconds));
  else await save(file, selfExtracting(bundle), 0o755);
  if (target.debian === undefined) return;
  const entries = debianEntries(program);
  await save(
    `bitorch_${version}_${target.debian}.deb`,
    debOf({ version, architecture: target.debian, entries, seconds }),
  );
}

async function save(name: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
  await writeFile(join(out, name), bytes, { mode });
  made.set(name, bytes);
  print(`${name}  ${(bytes.length / 1e6).toFixed(1)} MB`);
}

async function attempt(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    print(`skipped: ${name}: ${messageOf(error).split('\n')[0]}`);
    if (only) process.exitCode = 1;
  }
}

/** Writes the checksums and, with a key, their signature. */
async function seal(): Promise<void> {
  const sums = checksums(made);
  await writeFile(join(out, 'SHA256SUMS'), sums);
  const key = process.env.BITORCH_RELEASE_KEY;
  if (key) await writeFile(join(out, 'SHA256SUMS.sig'), signText(sums, await readFile(key, 'utf8')));
  print(key ? 'SHA256SUMS, SHA256SUMS.sig' : 'SHA256SUMS: unsigned, as BITORCH_RELEASE_KEY names no key');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
