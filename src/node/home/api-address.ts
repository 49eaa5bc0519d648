import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf, readTextFile, writeFileAtomic } from '#base';
import { type ApiAddress, ProvenConnection, urlOf } from './proven-request.ts';

const pathIn = (home: string): string => join(home, 'api.url');

/** Announces the running node's API to other programs of the same user. Returns a function that withdraws it. */
export async function announceApi(home: string, url: string): Promise<() => Promise<void>> {
  await writeFileAtomic(pathIn(home), `${url}\n`, 0o600);
  return () => rm(pathIn(home), { force: true });
}

/**
 * The API of the node that runs on a data directory, after it proved that it knows the node's token. Throws NODE_MISSING when no
 * node runs, NODE_UNPROVEN when another program answers in its place.
 */
export async function runningApi(home: string): Promise<ApiAddress> {
  const read = async (path: string) => (await readTextFile(path)).trim();
  try {
    const address = { url: await read(pathIn(home)), token: await read(join(home, 'api.token')) };
    return await provenApi(address);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new BitorchError('NODE_MISSING', `no node is running on ${home}: start one with "bitorch start"`, {
      home,
    });
  }
}

/**
 * Verifies that the server at `url` knows the token, so that a program that took over the port of a stopped node learns neither
 * token nor password. What is sent afterwards goes by `askProven`, since the port can change hands at any moment. Throws NODE_MISSING,
 * NODE_UNPROVEN.
 */
export async function provenApi(given: ApiAddress): Promise<ApiAddress> {
  const address = { url: urlOf(given.url).href.replace(/\/+$/, ''), token: given.token };
  const connection = await ProvenConnection.open(address);
  connection.close();
  return address;
}
