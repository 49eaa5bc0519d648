import type { PieceBuffer } from './piece-pool.ts';

/** The most recent pieces in memory: other leechers request them next, while the disk is still writing. */
export class RecentPieces {
  readonly #maxBytes: number;
  readonly #pieces = new Map<number, PieceBuffer>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(index: number): Uint8Array | undefined {
    return this.#pieces.get(index)?.bytes;
  }

  /** Keeps a piece until later ones need its memory. One larger than the whole limit is not kept. */
  put(index: number, piece: PieceBuffer): void {
    piece.hold();
    this.#pieces.set(index, piece);
    this.#bytes += piece.bytes.length;
    for (const [oldest, { bytes, release }] of this.#pieces) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#pieces.delete(oldest);
      this.#bytes -= bytes.length;
      release();
    }
  }
}
