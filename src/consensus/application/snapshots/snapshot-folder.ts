import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '#base';
import type { Snapshot } from '#store';
import type { ChunkRequest, StateSnapshot } from '../application.ts';
import { chunkHash, chunkHashesOf, chunksOf, describeSnapshot, SNAPSHOT_FORMAT } from './chunks.ts';

export interface SnapshotFolderOptions {
  readonly directory: string;
  /** A snapshot is taken after each block whose height is a multiple of this. */
  readonly everyBlocks: number;
  /** Number of newest snapshots to keep. */
  readonly keep?: number;
}

const COMPLETE = /^\d{1,16}$/;

/** Snapshots of the state on disk for other nodes to start from: a folder per height, a file per chunk. */
export class SnapshotFolder {
  readonly #directory: string;
  readonly #everyBlocks: number;
  readonly #keep: number;
  #taking: Promise<void> | undefined;

  constructor({ directory, everyBlocks, keep = 2 }: SnapshotFolderOptions) {
    this.#directory = directory;
    this.#everyBlocks = everyBlocks;
    this.#keep = keep;
  }

  isDue(height: number): boolean {
    return height % this.#everyBlocks === 0 && this.#taking === undefined;
  }

  /** Writes a state in the background, then closes it. Incomplete snapshots are never listed. */
  take(height: number, state: Snapshot): void {
    this.#taking = this.#take(height, state).finally(() => {
      state.close();
      this.#taking = undefined;
    });
    this.#taking.catch(() => undefined);
  }

  /** Resolves when nothing is being written. Rethrows the error of a failed write. */
  async settled(): Promise<void> {
    await this.#taking;
  }

  async list(): Promise<StateSnapshot[]> {
    const found: StateSnapshot[] = [];
    for (const height of await this.#heights()) {
      const hashes = await this.#read(height, 'metadata');
      if (hashes) found.push(describeSnapshot(height, chunkHashesOf({ metadata: hashes } as StateSnapshot)));
    }
    return found;
  }

  async chunk({ height, format, chunk }: ChunkRequest): Promise<Uint8Array | undefined> {
    if (format !== SNAPSHOT_FORMAT || ![height, chunk].every(Number.isSafeInteger)) return undefined;
    return this.#read(height, `${chunk}`);
  }

  async #take(height: number, state: Snapshot): Promise<void> {
    const partial = join(this.#directory, 'partial');
    try {
      await this.#write(height, state, partial);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  async #write(height: number, state: Snapshot, partial: string): Promise<void> {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const hashes: Uint8Array[] = [];
    for (const chunk of chunksOf(state)) {
      await writeFile(join(partial, `${hashes.length}`), chunk);
      hashes.push(chunkHash(chunk));
    }
    await writeFile(join(partial, 'metadata'), describeSnapshot(height, hashes).metadata);
    const whole = join(this.#directory, `${height}`);
    await rm(whole, { recursive: true, force: true });
    await rename(partial, whole);
    for (const old of (await this.#heights()).slice(this.#keep)) {
      await rm(join(this.#directory, `${old}`), { recursive: true, force: true });
    }
  }

  /** Newest first. */
  async #heights(): Promise<number[]> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    return names
      .filter((name) => COMPLETE.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  }

  async #read(height: number, name: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(join(this.#directory, `${height}`, name)));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
