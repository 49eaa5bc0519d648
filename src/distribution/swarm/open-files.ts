import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '#base';

export interface OpenFile {
  readonly handle: FileHandle;
  /** Set once the file has been extended to its full (sparse) length. */
  sized?: Promise<void>;
}

interface Entry {
  readonly file: Promise<OpenFile | undefined>;
  users: number;
}

/**
 * File handles of one torrent: those in use, and the least recently used ones up to a limit. A torrent may have ten
 * thousand files, more than a process may open.
 */
export class OpenFiles {
  readonly #max: number;
  readonly #pathOf: (index: number) => string;
  /** In order of last use, oldest first. */
  readonly #entries = new Map<number, Entry>();
  readonly #closing = new Set<Promise<void>>();

  constructor(max: number, pathOf: (index: number) => string) {
    this.#max = max;
    this.#pathOf = pathOf;
  }

  /** Runs `work` with a file, which stays open meanwhile. Undefined if the file does not exist and `create` is false. */
  async use<T>(
    index: number,
    { create }: { create: boolean },
    work: (file: OpenFile) => Promise<T>,
  ): Promise<T | undefined> {
    for (;;) {
      const entry = this.#entryOf(index, create);
      entry.users++;
      try {
        const file = await entry.file;
        if (file) return await work(file);
        if (!create) return undefined;
      } finally {
        entry.users--;
        this.#trim(this.#max);
      }
    }
  }

  /** Closes all files. Call it when none is in use. */
  async close(): Promise<void> {
    this.#trim(0);
    await Promise.all(this.#closing);
  }

  #entryOf(index: number, create: boolean): Entry {
    const entry = this.#entries.get(index) ?? this.#begin(index, create);
    this.#entries.delete(index);
    this.#entries.set(index, entry);
    return entry;
  }

  #begin(index: number, create: boolean): Entry {
    const entry = { file: openFile(this.#pathOf(index), create), users: 0 };
    const forget = () => this.#entries.get(index) === entry && this.#entries.delete(index);
    entry.file.then((file) => file ?? forget(), forget);
    return entry;
  }

  #trim(max: number): void {
    for (const [index, { file, users }] of this.#entries) {
      if (this.#entries.size <= max) return;
      if (users > 0) continue;
      this.#entries.delete(index);
      const closing = file
        .then((opened) => opened?.handle.close())
        .catch(() => undefined)
        .finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
  }
}

async function openFile(path: string, create: boolean): Promise<OpenFile | undefined> {
  if (create) await mkdir(dirname(path), { recursive: true });
  try {
    return { handle: await open(path, 'r+') };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return create ? { handle: await open(path, 'wx+') } : undefined;
    const readOnly = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
    if (readOnly && !create) return { handle: await open(path, 'r') };
    throw error;
  }
}
