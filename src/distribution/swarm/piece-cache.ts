import { PIECE_CACHE_BYTES } from './constants.ts';

/** The pieces that peers asked for last, or that have just arrived and will be asked for next. */
export class PieceCache {
  readonly #pieces = new Map<number, Uint8Array>();
  readonly #loading = new Map<number, Promise<Uint8Array | undefined>>();
  readonly #load: (index: number) => Promise<Uint8Array | undefined>;
  #bytes = 0;

  constructor(load: (index: number) => Promise<Uint8Array | undefined>) {
    this.#load = load;
  }

  get(index: number): Uint8Array | undefined {
    const piece = this.#pieces.get(index);
    if (piece) {
      this.#pieces.delete(index);
      this.#pieces.set(index, piece);
    }
    return piece;
  }

  put(index: number, piece: Uint8Array): void {
    if (this.#pieces.has(index)) return;
    this.#pieces.set(index, piece);
    this.#bytes += piece.length;
    for (const [oldest, { length }] of this.#pieces) {
      if (this.#bytes <= PIECE_CACHE_BYTES || oldest === index) break;
      this.#pieces.delete(oldest);
      this.#bytes -= length;
    }
  }

  /** Reads a piece once, however many peers wait for it. */
  load(index: number): Promise<Uint8Array | undefined> {
    let loading = this.#loading.get(index);
    if (!loading) {
      loading = this.#load(index).finally(() => this.#loading.delete(index));
      this.#loading.set(index, loading);
      loading.then(
        (piece) => piece && this.put(index, piece),
        () => undefined,
      );
    }
    return loading;
  }
}
