import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '#base';
import type { Metainfo } from '../metainfo.ts';
import { type OpenFile, OpenFiles } from './open-files.ts';
import type { PieceRun, PieceThread } from './piece-thread.ts';
import type { Layout, Segment } from './ranges.ts';

/** Files that a torrent keeps open. */
const MAX_OPEN_FILES = 16;

/** A torrent's files on disk: sparse, opened on demand, written at any position. */
export class Store {
  readonly #metainfo: Metainfo;
  readonly #layout: Layout;
  readonly #files: OpenFiles;
  readonly #dirty = new Set<number>();
  readonly #thread: PieceThread;
  /** Files that pending writes may still open, and the writes that wait for one. */
  #freeSlots = MAX_OPEN_FILES;
  readonly #waiting: (() => void)[] = [];
  readonly #keeping = new Set<Promise<boolean>>();

  constructor(parts: { metainfo: Metainfo; layout: Layout; directory: string; thread: PieceThread }) {
    this.#metainfo = parts.metainfo;
    this.#layout = parts.layout;
    const { files } = parts.metainfo;
    this.#files = new OpenFiles(MAX_OPEN_FILES, (index) => join(parts.directory, files[index]!.path));
    this.#thread = parts.thread;
  }

  /** Creates the files without content, which no piece contains. */
  async createEmptyFiles(): Promise<void> {
    for (const [index, file] of this.#metainfo.files.entries())
      if (file.length === 0) await this.#writing(index, async () => undefined);
  }

  isValid(index: number, piece: Uint8Array): boolean {
    return equalBytes(hash('sha1', piece, 'buffer'), this.#sha1Of(index));
  }

  #sha1Of(index: number): Uint8Array {
    return new Uint8Array(this.#metainfo.pieces.subarray(index * 20, index * 20 + 20));
  }

  /** Reads a piece from disk, verified or not; false when a file is missing or too short. */
  readPiece(index: number, into: Uint8Array): Promise<boolean> {
    return this.read(index * this.#metainfo.pieceLength, into);
  }

  /** Fills `into` with the torrent's content from `start`; false when a file is missing or too short. */
  async read(start: number, into: Uint8Array): Promise<boolean> {
    for (const segment of this.#layout.segments(start, into.length)) {
      const use = ({ handle }: OpenFile) => readFully(handle, into, segment);
      if (!(await this.#files.use(segment.file, { create: false }, use))) return false;
    }
    return true;
  }

  /**
   * Verifies a piece (in shared memory) and writes it if valid; resolves to whether it was. The bytes have then reached the
   * operating system: they survive a crash of this process, but not yet a power cut.
   */
  keepPiece(index: number, piece: Uint8Array): Promise<boolean> {
    const keeping = this.#keep(index, piece).finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
    return keeping;
  }

  async #keep(index: number, piece: Uint8Array): Promise<boolean> {
    const segments = this.#layout.segments(index * this.#metainfo.pieceLength, piece.length);
    const together = segments.length <= MAX_OPEN_FILES;
    const isGood = await this.#withSlots(together ? segments.length : 1, () =>
      together ? this.#keepTogether(index, piece, segments, []) : this.#keepOneByOne(index, piece, segments),
    );
    if (isGood) for (const { file } of segments) this.#dirty.add(file);
    return isGood;
  }

  /** Limits the open files of pending writes; a piece that waits holds none open. */
  async #withSlots<T>(count: number, work: () => Promise<T>): Promise<T> {
    while (this.#freeSlots < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#freeSlots -= count;
    try {
      return await work();
    } finally {
      this.#freeSlots += count;
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /** Hashes and writes in the thread, with all files that the piece overlaps open meanwhile. */
  async #keepTogether(
    index: number,
    piece: Uint8Array,
    [segment, ...rest]: readonly Segment[],
    runs: PieceRun[],
  ): Promise<boolean> {
    if (!segment) return this.#thread.keep({ bytes: piece, sha1: this.#sha1Of(index), runs });
    const { file, ...place } = segment;
    return this.#writing(file, ({ handle }) =>
      this.#keepTogether(index, piece, rest, [...runs, { ...place, descriptor: handle.fd }]),
    );
  }

  /** For a piece that overlaps more files than may be open. */
  async #keepOneByOne(index: number, piece: Uint8Array, segments: readonly Segment[]): Promise<boolean> {
    if (!(await this.#thread.keep({ bytes: piece, sha1: this.#sha1Of(index), runs: [] }))) return false;
    for (const segment of segments) {
      await this.#writing(segment.file, ({ handle }) => writeFully(handle, piece, segment));
    }
    return true;
  }

  /** Makes everything written so far durable. */
  async sync(): Promise<void> {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const index of dirty)
      await this.#files.use(index, { create: false }, ({ handle }) => handle.datasync());
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#keeping);
    await this.#files.close();
  }

  /** Runs `work` with a file that exists and has its full length. */
  async #writing<T>(index: number, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const done = await this.#files.use(index, { create: true }, async (file) => {
      file.sized ??= file.handle.truncate(this.#metainfo.files[index]!.length);
      await file.sized;
      return { result: await work(file) };
    });
    return done!.result;
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

async function writeFully(handle: FileHandle, bytes: Uint8Array, segment: Segment): Promise<void> {
  for (let done = 0; done < segment.length; ) {
    const at = segment.bufferOffset + done;
    const { bytesWritten } = await handle.write(bytes, at, segment.length - done, segment.fileOffset + done);
    if (bytesWritten === 0) throw new Error('the file system wrote no bytes');
    done += bytesWritten;
  }
}
