import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface StdinFile {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Keeps what a program hands over in a file of its own: formats are read at any place. It is judged by `name`; without one
 * only formats that their content tells, and JSON, are known.
 */
export async function keepStdin(input: Readable, name?: string): Promise<StdinFile> {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-stdin-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, basename(name ?? 'stdin'));
    await pipeline(input, createWriteStream(path, { mode: 0o600 }));
    if (name !== undefined || !(await isJson(path))) return { path, remove };
    await rename(path, `${path}.json`);
    return { path: `${path}.json`, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function isJson(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return /^\s*[{[]/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}
