import { ANNOUNCE_DELAY_MS } from './constants.ts';
import type { Peer } from './peer.ts';
import { encodeHaves } from './wire.ts';

/** Tells peers of verified pieces, those of a moment in one message: each write wakes a process at the other end. */
export class HaveBroadcast {
  /** Pieces verified since the start, in the order of their coming: each peer is told of those after its own mark. */
  readonly #verified: number[] = [];
  readonly #peers: Iterable<Peer>;
  #timer: NodeJS.Timeout | undefined;

  constructor(peers: Iterable<Peer>) {
    this.#peers = peers;
  }

  add(index: number): void {
    this.#verified.push(index);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const peer of this.#peers) this.tell(peer);
    }, ANNOUNCE_DELAY_MS);
  }

  /** A new peer knows by our bitfield what is here. */
  skip(peer: Peer): void {
    peer.announced = this.#verified.length;
  }

  /**
   * Tells a peer what it has not heard, also of pieces that it has: one that seeds each piece once (BEP 16) waits to hear
   * of it. Whoever is behind in reading hears of it later.
   */
  tell(peer: Peer): void {
    if (!peer.hasRoom || peer.announced === this.#verified.length) return;
    const news = this.#verified.slice(peer.announced);
    this.skip(peer);
    if (!peer.has!.isFull) peer.send(encodeHaves(news));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
