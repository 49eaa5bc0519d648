import { ANNOUNCE_DELAY_MS } from './constants.ts';
import type { Peer } from './peer.ts';
import { encodeHaves } from './wire.ts';

/** Announces verified pieces to peers. Those of a short interval are batched, since each write wakes the peer's process. */
export class HaveBroadcast {
  /** Pieces verified since start, in order; `Peer.announced` marks how many a peer has been sent. */
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

  /** Marks all pieces as announced, for a new peer that receives our bitfield. */
  skip(peer: Peer): void {
    peer.announced = this.#verified.length;
  }

  /**
   * Sends the pieces not announced yet, including those the peer already has: a super-seeder (BEP 16) waits for them. A
   * peer whose socket is full gets them later.
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
