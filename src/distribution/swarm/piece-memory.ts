import { MAX_FREE_PIECE_BYTES, MAX_UNFINISHED_BYTES } from './constants.ts';

/**
 * Memory for pieces shared by all torrents of a node: unfinished pieces, and free buffers kept for reuse. Each torrent may
 * use an equal share for unfinished pieces, so that a stalled one takes nothing from the others; `n` torrents hold at most
 * 1 + ½ + … + 1/n of the limit, and one piece each.
 */
export class PieceMemory {
  readonly #limit: number;
  readonly #maxFree: number;
  /** Bytes of unfinished pieces, by torrent. */
  readonly #unfinished = new Map<object, number>();
  #free = 0;

  constructor(limits: { unfinishedBytes?: number; freeBytes?: number } = {}) {
    this.#limit = limits.unfinishedBytes ?? MAX_UNFINISHED_BYTES;
    this.#maxFree = limits.freeBytes ?? MAX_FREE_PIECE_BYTES;
  }

  /** Records the bytes of unfinished pieces of a torrent. */
  note(torrent: object, bytes: number): void {
    if (bytes > 0) this.#unfinished.set(torrent, bytes);
    else this.#unfinished.delete(torrent);
  }

  /** A torrent may begin another piece while its unfinished pieces take fewer bytes than this. */
  shareOf(torrent: object): number {
    const others = this.#unfinished.size - Number(this.#unfinished.has(torrent));
    return this.#limit / (others + 1);
  }

  /** Whether a free buffer may be kept for reuse. The caller reports with `used` when it is taken or dropped. */
  keep(bytes: number): boolean {
    if (this.#free + bytes > this.#maxFree) return false;
    this.#free += bytes;
    return true;
  }

  used(bytes: number): void {
    this.#free -= bytes;
  }
}
