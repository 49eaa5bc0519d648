import type { PieceBuffer } from './piece-pool.ts';

/** The pieces that came last, in memory: the other leechers ask for them next, while the disk still writes. */
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

  /** Holds a piece until the ones after it need its memory; one that is larger than all of that is not kept. */
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
