/** Worker thread of verifyFiles(): SHA-256 of files, one after another. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { FileDigest } from './verify-files.ts';

const CHUNK_BYTES = 256 * 1024;

function digestOf(path: string, buffer: Uint8Array): FileDigest {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, read));
    }
    return { size: fstatSync(file).size, sha256: new Uint8Array(hash.digest()) };
  } finally {
    closeSync(file);
  }
}

const buffer = new Uint8Array(CHUNK_BYTES);
parentPort!.postMessage((workerData as string[]).map((path) => digestOf(path, buffer)));
