import { BitorchError } from '#base';

/** Requests of one peer that are answered at the same time. */
const AT_ONCE = 32;

/** Counts the requests of each peer that are being answered. */
export class ConcurrentRequests {
  readonly #byPeer = new Map<string, number>();

  /** Runs `answer`. Throws PEER_BUSY when the peer already has the maximum of requests in progress. */
  async take(peer: string, answer: () => Promise<void>): Promise<void> {
    const others = this.#byPeer.get(peer) ?? 0;
    if (others >= AT_ONCE)
      throw new BitorchError(
        'PEER_BUSY',
        `more than ${AT_ONCE} requests at once: try again when some are answered`,
      );
    this.#byPeer.set(peer, others + 1);
    try {
      await answer();
    } finally {
      const left = this.#byPeer.get(peer)! - 1;
      if (left > 0) this.#byPeer.set(peer, left);
      else this.#byPeer.delete(peer);
    }
  }
}
