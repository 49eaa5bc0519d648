import { hash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, equalBytes } from '#base';
import type { Metainfo } from '../metainfo.ts';
import type { PieceThread } from './piece-thread.ts';
import type { Layout, Segment } from './ranges.ts';

interface OpenFile {
  handle: FileHandle;
  /** Set once the file has been brought to its full (sparse) length. */
  sized: Promise<void> | undefined;
}

/** A torrent's files on disk: sparse, opened when first needed, written at positions. */
export class Store {
  readonly #metainfo: Metainfo;
  readonly #layout: Layout;
  readonly #directory: string;
  readonly #files = new Map<number, Promise<OpenFile | undefined>>();
  readonly #dirty = new Set<number>();
  readonly #thread: PieceThread;
  readonly #writing = new Set<Promise<boolean>>();

  constructor(parts: { metainfo: Metainfo; layout: Layout; directory: string; thread: PieceThread }) {
    this.#metainfo = parts.metainfo;
    this.#layout = parts.layout;
    this.#directory = parts.directory;
    this.#thread = parts.thread;
  }

  /** Creates what a swarm can never deliver: files without content. */
  async createEmptyFiles(): Promise<void> {
    for (const [index, file] of this.#metainfo.files.entries())
      if (file.length === 0) await this.#writable(index);
  }

  isValid(index: number, piece: Uint8Array): boolean {
    return equalBytes(hash('sha1', piece, 'buffer'), this.#sha1Of(index));
  }

  #sha1Of(index: number): Uint8Array {
    return new Uint8Array(this.#metainfo.pieces.subarray(index * 20, index * 20 + 20));
  }

  /** A piece as it is on disk, verified or not; false when a file is missing or too short. */
  readPiece(index: number, into: Uint8Array): Promise<boolean> {
    return this.read(index * this.#metainfo.pieceLength, into);
  }

  /** Fills `into` with the torrent's bytes from `start`; false when a file is missing or too short. */
  async read(start: number, into: Uint8Array): Promise<boolean> {
    for (const segment of this.#layout.segments(start, into.length)) {
      const file = await this.#open(segment.file, false);
      if (!file || !(await readFully(file.handle, into, segment))) return false;
    }
    return true;
  }

  /**
   * Writes a piece, in shared memory, if it has its hash; resolves to whether it had. Then the operating system has the
   * bytes: they outlive this process, not yet a power cut.
   */
  keepPiece(index: number, piece: Uint8Array): Promise<boolean> {
    const writing = this.#keep(index, piece).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  async #keep(index: number, piece: Uint8Array): Promise<boolean> {
    const segments = this.#layout.segments(index * this.#metainfo.pieceLength, piece.length);
    const runs = [];
    for (const { file, ...segment } of segments) {
      runs.push({ ...segment, descriptor: (await this.#writable(file)).fd });
    }
    const isGood = await this.#thread.keep({ bytes: piece, sha1: this.#sha1Of(index), runs });
    if (isGood) for (const { file } of segments) this.#dirty.add(file);
    return isGood;
  }

  /** Makes everything written so far outlive a power cut. */
  async sync(): Promise<void> {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const index of dirty) await (await this.#files.get(index))?.handle.datasync();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writing);
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) await (await file.catch(() => undefined))?.handle.close();
  }

  /** A file that is there, or is made when something is to be written to it. */
  async #open(index: number, create: boolean): Promise<OpenFile | undefined> {
    const known = this.#files.get(index);
    if (known) {
      const file = await known;
      return file || !create ? file : this.#open(index, create);
    }
    const opening = openFile(this.#pathOf(index), create);
    this.#files.set(index, opening);
    const forget = () => this.#files.get(index) === opening && this.#files.delete(index);
    opening.then((file) => file ?? forget(), forget);
    return opening;
  }

  async #writable(index: number): Promise<FileHandle> {
    const file = (await this.#open(index, true))!;
    file.sized ??= file.handle.truncate(this.#metainfo.files[index]!.length);
    await file.sized;
    return file.handle;
  }

  #pathOf(index: number): string {
    return join(this.#directory, this.#metainfo.files[index]!.path);
  }
}

async function openFile(path: string, create: boolean): Promise<OpenFile | undefined> {
  if (create) await mkdir(dirname(path), { recursive: true });
  try {
    return { handle: await open(path, 'r+'), sized: undefined };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return create ? { handle: await open(path, 'wx+'), sized: undefined } : undefined;
    const readOnly = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
    if (readOnly && !create) return { handle: await open(path, 'r'), sized: undefined };
    throw error;
  }
}

async function readFully(handle: FileHandle, bytes: Uint8Array, segment: Segment): Promise<boolean> {
  for (let done = 0; done < segment.length; ) {
    const at = segment.bufferOffset + done;
    const { bytesRead } = await handle.read(bytes, at, segment.length - done, segment.fileOffset + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
