import { PIECE_CACHE_BYTES } from './constants.ts';
import type { PieceBuffer } from './piece-pool.ts';

/** The pieces that peers asked for last, or that have just arrived and will be asked for next. */
export class PieceCache {
  readonly #pieces = new Map<number, PieceBuffer>();
  readonly #loading = new Map<number, Promise<void>>();
  readonly #read: (index: number) => Promise<PieceBuffer>;
  #bytes = 0;

  /** `read` gives a piece from disk, held once for the cache. */
  constructor(read: (index: number) => Promise<PieceBuffer>) {
    this.#read = read;
  }

  get(index: number): PieceBuffer | undefined {
    const piece = this.#pieces.get(index);
    if (piece) {
      this.#pieces.delete(index);
      this.#pieces.set(index, piece);
    }
    return piece;
  }

  /** Keeps a piece and holds it as long as it does; the one that was not asked for the longest has to go. */
  put(index: number, piece: PieceBuffer): void {
    if (this.#pieces.has(index)) return;
    piece.hold();
    this.#pieces.set(index, piece);
    this.#bytes += piece.bytes.length;
    for (const [oldest, { bytes, release }] of this.#pieces) {
      if (this.#bytes <= PIECE_CACHE_BYTES || oldest === index) break;
      this.#pieces.delete(oldest);
      this.#bytes -= bytes.length;
      release();
    }
  }

  /** Reads a piece once, however many peers wait for it. Rejects when it cannot be read. */
  load(index: number): Promise<void> {
    let loading = this.#loading.get(index);
    if (!loading) {
      loading = this.#fetch(index).finally(() => this.#loading.delete(index));
      this.#loading.set(index, loading);
    }
    return loading;
  }

  async #fetch(index: number): Promise<void> {
    const piece = await this.#read(index);
    this.put(index, piece);
    piece.release();
  }
}
