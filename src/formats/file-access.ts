import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError } from '#base';
import type { RandomAccess } from './tensor.ts';

/** Maximum number of files that a pool keeps open, well below the limit of a process. */
const MAX_OPEN = 64;

/** Opens a file for random access; the caller closes it. Throws the error of the file system. */
export async function fileAccess(path: string): Promise<RandomAccess & { close(): Promise<void> }> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return { ...accessOf(path, size, (read) => read(file)), close: () => file.close() };
}

type WithHandle = (read: (file: FileHandle) => Promise<void>) => Promise<void>;

/** Random access to a file. Reads throw FILE_CHANGED when the file is shorter than `size`. */
function accessOf(path: string, size: number, withHandle: WithHandle): RandomAccess {
  const readInto = (target: Uint8Array, offset: number): Promise<void> =>
    withHandle(async (file) => {
      for (let done = 0; done < target.length; ) {
        const { bytesRead } = await file.read(target, done, target.length - done, offset + done);
        if (bytesRead === 0) {
          throw new BitorchError(
            'FILE_CHANGED',
            `${path} ends before byte ${offset + target.length}: it changed while it was being read`,
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

/** Random access to any number of files, of which the most recently read are kept open. */
export class FilePool {
  readonly #open = new Map<string, Opened>();
  #waiting: (() => void)[] = [];

  /** Adds a file without opening it. Reads throw FILE_CHANGED, and errors of the file system. */
  source(path: string, size: number): RandomAccess {
    return accessOf(path, size, (read) => this.#with(path, read));
  }

  /** Adds files of one folder, with their current sizes. Throws errors of the file system. */
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

  /** Closes all files. No reads may be in progress. */
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
    // Keep the map ordered by last use.
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

  /** Closes the least recently used file without readers. False when all files have readers. */
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
