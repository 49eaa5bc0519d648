import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError } from '#base';
import type { RandomAccess } from './tensor.ts';

/** Files that a pool holds open at a time, well below what a process may open. */
const MAX_OPEN = 64;

/** A file on disk to read anywhere; the caller closes it. */
export async function fileAccess(path: string): Promise<RandomAccess & { close(): Promise<void> }> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return { ...accessOf(path, size, (read) => read(file)), close: () => file.close() };
}

type WithHandle = (read: (file: FileHandle) => Promise<void>) => Promise<void>;

/** Reading throws FILE_CHANGED when the file has become shorter. */
function accessOf(path: string, size: number, withHandle: WithHandle): RandomAccess {
  const readInto = (target: Uint8Array, offset: number): Promise<void> =>
    withHandle(async (file) => {
      for (let done = 0; done < target.length; ) {
        const { bytesRead } = await file.read(target, done, target.length - done, offset + done);
        if (bytesRead === 0) {
          throw new BitorchError(
            'FILE_CHANGED',
            `${path} ends before byte ${offset + target.length}: it changed while it was read`,
          );
        }
        done += bytesRead;
      }
    });
  return {
    size,
    readInto,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      await readInto(bytes, offset);
      return bytes;
    },
  };
}

interface Opened {
  readonly handle: Promise<FileHandle>;
  readers: number;
}

/** Any number of files to read, of which those that were read last are open. */
export class FilePool {
  readonly #open = new Map<string, Opened>();
  #waiting: (() => void)[] = [];

  /** A file of the pool; nothing is opened yet. Reading throws what the file system throws, and FILE_CHANGED. */
  source(path: string, size: number): RandomAccess {
    return accessOf(path, size, (read) => this.#with(path, read));
  }

  /** Files of one folder, with the sizes that they have. Throws what the file system throws. */
  async folder(
    directory: string,
    paths: readonly string[],
  ): Promise<{ path: string; source: RandomAccess }[]> {
    const files: { path: string; source: RandomAccess }[] = [];
    for (const path of paths) {
      const location = join(directory, path);
      files.push({ path, source: this.source(location, (await stat(location)).size) });
    }
    return files;
  }

  /** Closes all files. No reading may be under way. */
  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    for (const { handle } of opened) await (await handle.catch(() => undefined))?.close();
  }

  async #with(path: string, read: (file: FileHandle) => Promise<void>): Promise<void> {
    while (!this.#open.has(path) && this.#open.size >= MAX_OPEN && !(await this.#closeIdle()))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const known = this.#open.get(path);
    const opened = known ?? { handle: open(path, 'r'), readers: 0 };
    // What was read last comes last.
    this.#open.delete(path);
    this.#open.set(path, opened);
    opened.readers++;
    try {
      await read(await opened.handle);
    } catch (error) {
      if (await isBroken(opened)) this.#open.delete(path);
      throw error;
    } finally {
      opened.readers--;
      for (const resume of this.#waiting.splice(0)) resume();
    }
  }

  /** Closes the file that nobody reads and that was read longest ago; false when all are being read. */
  async #closeIdle(): Promise<boolean> {
    for (const [path, { handle, readers }] of this.#open) {
      if (readers > 0) continue;
      this.#open.delete(path);
      await (await handle).close();
      return true;
    }
    return false;
  }
}

const isBroken = ({ handle }: Opened): Promise<boolean> =>
  handle.then(
    () => false,
    () => true,
  );
