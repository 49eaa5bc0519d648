import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, type OnProgress } from '#base';
import { encodeMetainfo, type Metainfo, pieceLengthFor } from './metainfo.ts';
import { paced } from './paced.ts';
import { checkPaths } from './paths.ts';

const READ_BYTES = 1024 * 1024;

export interface CreateMetainfo {
  directory: string;
  /** Relative to `directory`, in the order of the torrent. */
  files: string[];
  /** Title of a multi-file torrent. A single file in no subdirectory gives the torrent its own name. */
  name: string;
  trackers?: string[];
  /** Bytes; by default chosen from the total size. */
  pieceLength?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** Hashes the files in one pass (SHA-1 of each piece). Throws PATH_UNSAFE, or FILE_CHANGED if a file shrinks meanwhile. */
export async function createMetainfo(options: CreateMetainfo): Promise<Metainfo> {
  checkPaths(options.files);
  const files = await Promise.all(
    options.files.map(async (path) => ({ path, length: (await stat(join(options.directory, path))).size })),
  );
  const total = files.reduce((sum, file) => sum + file.length, 0);
  const pieceLength = options.pieceLength ?? pieceLengthFor(total);
  const onProgress = options.onProgress && paced(options.onProgress);
  const hasher = new PieceHasher(pieceLength);
  let done = 0;
  for (const file of files) {
    for await (const chunk of chunksOf(join(options.directory, file.path), file.length)) {
      options.signal?.throwIfAborted();
      hasher.update(chunk);
      done += chunk.length;
      onProgress?.({ step: 'hashing pieces', done, total, unit: 'bytes' });
    }
  }
  const single = files.length === 1 && !files[0]!.path.includes('/');
  const name = single ? files[0]!.path : options.name;
  return encodeMetainfo({ name, pieceLength, pieces: hasher.finish(), files }, options.trackers ?? []);
}

class PieceHasher {
  readonly #pieceLength: number;
  readonly #digests: Buffer[] = [];
  #hash = createHash('sha1');
  #filled = 0;

  constructor(pieceLength: number) {
    this.#pieceLength = pieceLength;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#pieceLength - this.#filled);
      this.#hash.update(part);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pieceLength) this.#close();
    }
  }

  #close(): void {
    this.#digests.push(this.#hash.digest());
    this.#hash = createHash('sha1');
    this.#filled = 0;
  }

  finish(): Uint8Array {
    if (this.#filled > 0) this.#close();
    return new Uint8Array(Buffer.concat(this.#digests));
  }
}

/**
 * The first `length` bytes of a file, in chunks. A chunk is valid until the next one is requested. Throws FILE_CHANGED if
 * the file is shorter.
 */
async function* chunksOf(path: string, length: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(length, 1)));
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), at);
      if (bytesRead === 0)
        throw new BitorchError('FILE_CHANGED', `${path} became shorter while it was read`, { path });
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file's first `length` bytes. Throws FILE_CHANGED if the file is shorter. */
export async function sha256File(
  path: string,
  length: number,
  onBytes: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const chunk of chunksOf(path, length)) {
    signal?.throwIfAborted();
    hash.update(chunk);
    done += chunk.length;
    onBytes(done);
  }
  return new Uint8Array(hash.digest());
}
