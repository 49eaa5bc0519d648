import { BitorchError } from '#base';

/** Questions of one peer that are answered at once. */
const AT_ONCE = 32;

/** How many questions of each peer are being answered. */
export class ConcurrentRequests {
  readonly #byPeer = new Map<string, number>();

  /** Throws PEER_BUSY when so many questions of the peer are being answered that this one is one too many. */
  async take(peer: string, answer: () => Promise<void>): Promise<void> {
    const others = this.#byPeer.get(peer) ?? 0;
    if (others >= AT_ONCE)
      throw new BitorchError(
        'PEER_BUSY',
        `more than ${AT_ONCE} questions at once: ask again when some are answered`,
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
