import type { Peer } from './peer.ts';
import { PieceCache } from './piece-cache.ts';
import type { PieceBuffer } from './piece-pool.ts';

/** Answers requests for blocks of pieces that are here, as fast as each socket takes them. */
export class Uploads {
  readonly #cache: PieceCache;

  /** `read` gives a piece from disk, held once. */
  constructor(read: (index: number) => Promise<PieceBuffer>) {
    this.#cache = new PieceCache(read);
  }

  /** A piece has arrived and will be asked for soon. */
  keep(index: number, piece: PieceBuffer): void {
    this.#cache.put(index, piece);
  }

  /** Sends what the peer asked for until its socket is full; called again when it drains. */
  async serve(peer: Peer): Promise<void> {
    if (peer.serving) return;
    peer.serving = true;
    try {
      while (peer.queue.length > 0 && peer.hasRoom && !peer.isClosed) {
        const { index } = peer.queue[0]!;
        const piece = this.#cache.get(index);
        if (piece) this.#sendFrom(peer, index, piece);
        else await this.#cache.load(index);
      }
    } catch (error) {
      peer.close(error);
    } finally {
      peer.serving = false;
    }
  }

  /** Sends the requests at the head of the queue that are for this piece. */
  #sendFrom(peer: Peer, index: number, piece: PieceBuffer): void {
    let sent = 0;
    while (peer.queue[sent]?.index === index && peer.hasRoom) {
      const request = peer.queue[sent++]!;
      peer.sendBlock(request, piece);
    }
    peer.queue.splice(0, sent);
  }
}
