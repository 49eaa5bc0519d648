import { MAX_FREE_PIECE_BYTES, MAX_UNFINISHED_BYTES } from './constants.ts';

/**
 * The memory for pieces that all torrents of a node share: those that are on their way, and buffers that are kept for the next
 * ones. Each torrent may use an equal part of the first, so that one whose pieces never come takes nothing from the others;
 * `n` torrents hold at most 1 + ½ + … + 1/n of it, and a piece each.
 */
export class PieceMemory {
  readonly #limit: number;
  readonly #maxFree: number;
  /** Bytes of unfinished pieces, of each torrent that has some. */
  readonly #unfinished = new Map<object, number>();
  #free = 0;

  constructor(limits: { unfinishedBytes?: number; freeBytes?: number } = {}) {
    this.#limit = limits.unfinishedBytes ?? MAX_UNFINISHED_BYTES;
    this.#maxFree = limits.freeBytes ?? MAX_FREE_PIECE_BYTES;
  }

  /** Says how many bytes of unfinished pieces a torrent has now. */
  note(torrent: object, bytes: number): void {
    if (bytes > 0) this.#unfinished.set(torrent, bytes);
    else this.#unfinished.delete(torrent);
  }

  /** The bytes of unfinished pieces below which a torrent may begin one more. */
  shareOf(torrent: object): number {
    const others = this.#unfinished.size - Number(this.#unfinished.has(torrent));
    return this.#limit / (others + 1);
  }

  /** Whether a buffer may be kept for the next piece; whoever keeps one says when it is `used`. */
  keep(bytes: number): boolean {
    if (this.#free + bytes > this.#maxFree) return false;
    this.#free += bytes;
    return true;
  }

  used(bytes: number): void {
    this.#free -= bytes;
  }
}
