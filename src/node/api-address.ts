import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf, writeFileAtomic } from '#base';

/** Where a node's HTTP API is and what opens it. */
export interface ApiAddress {
  readonly url: string;
  readonly token: string;
}

const pathIn = (home: string): string => join(home, 'api.url');

/** Tells other programs of the same user where the running node's API is; returns what takes it back. */
export async function announceApi(home: string, url: string): Promise<() => Promise<void>> {
  await writeFileAtomic(pathIn(home), `${url}\n`, 0o600);
  return () => rm(pathIn(home), { force: true });
}

/**
 * The API of the node that runs on a data directory.
 *
 * @throws BitorchError `NODE_MISSING` when none does
 */
export async function runningApi(home: string): Promise<ApiAddress> {
  const read = async (path: string) => (await readFile(path, 'utf8')).trim();
  try {
    return { url: await read(pathIn(home)), token: await read(join(home, 'api.token')) };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new BitorchError(
      'NODE_MISSING',
      `no node is running on ${home}: start one with "bitorch start", or name one with --node`,
      { home },
    );
  }
}
