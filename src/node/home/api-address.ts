import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf, messageOf, readTextFile, writeFileAtomic } from '#base';
import { proofOf, tokenId } from './api-tokens.ts';

/** Where a node's HTTP API is and what opens it. */
export interface ApiAddress {
  readonly url: string;
  readonly token: string;
}

const PROOF_TIMEOUT_MS = 5_000;
const MAX_PROOF_BYTES = 1_024;

const pathIn = (home: string): string => join(home, 'api.url');

/** Tells other programs of the same user where the running node's API is; returns what takes it back. */
export async function announceApi(home: string, url: string): Promise<() => Promise<void>> {
  await writeFileAtomic(pathIn(home), `${url}\n`, 0o600);
  return () => rm(pathIn(home), { force: true });
}

/**
 * The API of the node that runs on a data directory, which has shown that it is that node's.
 *
 * @throws BitorchError `NODE_MISSING` when none does, `NODE_UNPROVEN` when something else answers in its place
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
 * Has the server at `url` show that it knows the token, before anything secret is sent to it: whoever takes the port of a
 * node that has ended learns no token and no password. Throws NODE_MISSING, NODE_UNPROVEN.
 */
export async function provenApi({ url: given, token }: ApiAddress): Promise<ApiAddress> {
  const url = new URL(given);
  // A name can lead to two addresses, and another program may listen on the one of them where the node does not.
  if (url.hostname === 'localhost') url.hostname = '127.0.0.1';
  const address = { url: url.href.replace(/\/+$/, ''), token };
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const nonce = randomBytes(32).toString('hex');
  const expected = proofOf(token, nonce, port);
  if ((await askForProof(url, tokenId(token), nonce)) === expected) return address;
  throw new BitorchError(
    'NODE_UNPROVEN',
    `what answers at ${url.origin} does not know the token of your node, so nothing was sent to it: is another program on this port? A tunnel has to use the node's own port`,
  );
}

/** A failed fetch says why in its cause only. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause ? messageOf(error.cause) || codeOf(error.cause) : messageOf(error);

/** The proof that the server gives; undefined when it gives none. */
async function askForProof(url: URL, token: string, nonce: string): Promise<string | undefined> {
  const response = await fetch(new URL(`/api/proof?token=${token}&nonce=${nonce}`, url), {
    redirect: 'manual',
    signal: AbortSignal.timeout(PROOF_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new BitorchError(
      'NODE_MISSING',
      `no node answers at ${url.origin} (${reasonOf(error)}): start one with "bitorch start"`,
    );
  });
  const bytes: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    bytes.push(part);
    length += part.length;
    if (length > MAX_PROOF_BYTES) return undefined;
  }
  try {
    const { proof } = JSON.parse(Buffer.concat(bytes).toString()) as { proof?: unknown };
    return typeof proof === 'string' ? proof : undefined;
  } catch {
    return undefined;
  }
}
