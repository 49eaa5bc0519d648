import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf } from '#base';
import { run } from '../poc/command.ts';
import type { PinnedPackage } from './targets.ts';

/**
 * Files of a package, by their path in it: fetched once from the configured registry, then kept in `cache` and verified each time. Throws
 * COMMAND_FAILED when it cannot be fetched, PACKAGE_CHANGED when its content is not the pinned one.
 */
export async function packageFiles(
  wanted: PinnedPackage,
  cache: string,
  paths: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const archive = await packageArchive(wanted, cache);
  const scratch = await mkdtemp(join(cache, 'unpack-'));
  try {
    await run(['tar', '-xzf', archive, '-C', scratch, ...paths.map((path) => `package/${path}`)]);
    const read = async (path: string) => [path, await readFile(join(scratch, 'package', path))] as const;
    return new Map(await Promise.all(paths.map(read)));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function packageArchive(wanted: PinnedPackage, cache: string): Promise<string> {
  const { name, version } = wanted;
  const path = join(cache, `${name.replace(/^@|\//g, '').replace('/', '-')}-${version}.tgz`);
  const kept = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (kept && integrityOf(kept) === wanted.integrity) return path;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'fetch-'));
  try {
    const output = await run([
      'npm',
      'pack',
      '--silent',
      '--pack-destination',
      scratch,
      `${name}@${version}`,
    ]);
    const bytes = await readFile(join(scratch, output.trim().split('\n').at(-1)!));
    if (integrityOf(bytes) !== wanted.integrity) {
      const message = `${name}@${version} of the registry is not what was pinned: compare ${integrityOf(bytes)}`;
      throw new BitorchError('PACKAGE_CHANGED', message);
    }
    await writeFile(join(scratch, 'verified'), bytes);
    await rename(join(scratch, 'verified'), path);
    return path;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
