import { BitorchError } from '#base';
import type { Metainfo } from '../metainfo.ts';

/** Bytes [offset, offset + length) of one file of a torrent. */
export interface ByteRange {
  file: string;
  offset: number;
  length: number;
}

/** A run of bytes within one file, and its position in a buffer. */
export interface Segment {
  /** Index in the torrent's list of files. */
  file: number;
  fileOffset: number;
  bufferOffset: number;
  length: number;
}

/** Maps byte ranges of files to pieces, and ranges of the torrent to files. */
export class Layout {
  readonly #metainfo: Metainfo;
  readonly #byPath: Map<string, number>;

  constructor(metainfo: Metainfo) {
    this.#metainfo = metainfo;
    this.#byPath = new Map(metainfo.files.map((file, index) => [file.path, index]));
  }

  /** Index of the file, and the range's position in the torrent's content. Throws RANGE_INVALID outside the file. */
  locate({ file, offset, length }: ByteRange): { file: number; start: number; end: number } {
    const index = this.#byPath.get(file);
    const entry = index === undefined ? undefined : this.#metainfo.files[index]!;
    const inside = entry && offset >= 0 && length >= 0 && offset + length <= entry.length;
    if (index === undefined || !entry || !inside) {
      throw new BitorchError(
        'RANGE_INVALID',
        `there are no bytes ${offset}+${length} in ${JSON.stringify(file)}`,
      );
    }
    return { file: index, start: entry.offset + offset, end: entry.offset + offset + length };
  }

  /** The pieces that overlap these ranges, ascending, without duplicates. */
  piecesOf(ranges: readonly ByteRange[] | 'all'): number[] {
    const { pieceCount, pieceLength } = this.#metainfo;
    if (ranges === 'all') return Array.from({ length: pieceCount }, (_, index) => index);
    const pieces = new Set<number>();
    for (const range of ranges) {
      const { start, end } = this.locate(range);
      for (let at = start; at < end; at = (Math.floor(at / pieceLength) + 1) * pieceLength) {
        pieces.add(Math.floor(at / pieceLength));
      }
    }
    return [...pieces].sort((a, b) => a - b);
  }

  /** Splits `length` bytes from `start` of the torrent's content at file boundaries. */
  segments(start: number, length: number): Segment[] {
    const { files } = this.#metainfo;
    const segments: Segment[] = [];
    for (let file = this.#fileAt(start), at = start; at < start + length; file++) {
      const { offset, length: fileLength } = files[file]!;
      const end = Math.min(offset + fileLength, start + length);
      if (end > at) {
        segments.push({ file, fileOffset: at - offset, bufferOffset: at - start, length: end - at });
        at = end;
      }
    }
    return segments;
  }

  /** Index of the last file that begins at or before `position`. */
  #fileAt(position: number): number {
    const { files } = this.#metainfo;
    let [low, high] = [0, files.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (files[middle]!.offset <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
