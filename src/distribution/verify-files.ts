import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BitorchError, equalBytes } from '#base';
import type { Torrent } from './swarm/torrent.ts';

export interface ExpectedFile {
  path: string;
  /** Bytes. */
  size: number;
  sha256: Uint8Array;
}

/**
 * Waits for the complete download, then compares each file with the SHA-256 that its publisher signed, since a torrent's
 * SHA-1 hashes do not bind a publisher to one content. Hashing runs in a worker thread. Throws FILE_HASH_MISMATCH, naming
 * the file.
 */
export async function verifyFiles(
  torrent: Torrent,
  files: readonly ExpectedFile[],
  signal?: AbortSignal,
): Promise<void> {
  await torrent.wait('all', signal);
  const paths = files.map(({ path }) => join(torrent.directory, path));
  const digests = await hashInThread(paths, signal);
  for (const [n, { path, size, sha256 }] of files.entries()) {
    const actual = digests[n]!;
    if (actual.size !== size || !equalBytes(actual.sha256, sha256)) {
      const message = `${path} is not the file that its publisher signed`;
      throw new BitorchError('FILE_HASH_MISMATCH', message, { path });
    }
  }
}

export interface FileDigest {
  size: number;
  sha256: Uint8Array;
}

async function hashInThread(paths: string[], signal: AbortSignal | undefined): Promise<FileDigest[]> {
  const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), { workerData: paths });
  const { promise, resolve, reject } = Promise.withResolvers<FileDigest[]>();
  const abort = () => reject(signal!.reason);
  signal?.addEventListener('abort', abort, { once: true });
  worker.once('message', resolve);
  worker.once('error', reject);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
