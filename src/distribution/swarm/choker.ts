import { OPTIMISTIC_MS, RECHOKE_MS } from './constants.ts';

/** The view of a connection that the choker needs. */
export interface Chokable {
  readonly interested: boolean;
  /** Whether we choke the peer. */
  readonly choked: boolean;
  /** Ranks peers: bytes per second received from the peer, or sent to it when we are seeding. */
  readonly rank: number;
  readonly network: string;
  setChoking(choked: boolean): void;
}

/**
 * Assigns the upload slots of a node (choking, BEP 3). Most go to the peers with the highest rates; one, the optimistic
 * unchoke, goes to a random other peer and rotates every 30 seconds, so that newcomers get a chance. A free slot is
 * assigned at once.
 */
export class Choker<P extends Chokable> {
  readonly #slots: number;
  readonly #random: () => number;
  #optimistic: P | undefined;
  #rotatedAt = 0;
  #rechokedAt = 0;

  constructor(slots: number, random: () => number = Math.random) {
    this.#slots = slots;
    this.#random = random;
  }

  /**
   * Assigns free slots to interested peers and takes slots from those no longer interested. Cheap: call it on any change.
   */
  fill(peers: readonly P[]): void {
    for (const peer of peers) if (!peer.interested) peer.setChoking(true);
    let free = this.#slots - peers.filter((peer) => !peer.choked).length;
    if (free <= 0) return;
    for (const peer of this.#ranked(peers)) {
      if (free === 0) return;
      if (!peer.choked) continue;
      peer.setChoking(false);
      free--;
    }
  }

  /** Moves slots to the best peers, at most once per `RECHOKE_MS`. `now` in ms. */
  rechoke(peers: readonly P[], now: number): void {
    if (now - this.#rechokedAt < RECHOKE_MS) return;
    this.#rechokedAt = now;
    const ranked = this.#ranked(peers);
    if (ranked.length > this.#slots) {
      const regular = ranked.slice(0, this.#slots - 1);
      const optimistic = this.#pickOptimistic(ranked.slice(this.#slots - 1), now);
      const chosen = new Set([...regular, optimistic]);
      for (const peer of ranked) peer.setChoking(!chosen.has(peer));
    }
    this.fill(peers);
  }

  /** The best peer of each network comes first, then the second best of each: no host gets all slots while others wait. */
  #ranked(peers: readonly P[]): P[] {
    const byRank = peers.filter((peer) => peer.interested).sort((a, b) => b.rank - a.rank);
    return interleave([...Map.groupBy(byRank, ({ network }) => network).values()]);
  }

  /** The current optimistic unchoke until its time is over, then a random other peer. */
  #pickOptimistic(candidates: P[], now: number): P {
    const current = this.#optimistic;
    if (current && candidates.includes(current) && now - this.#rotatedAt < OPTIMISTIC_MS) return current;
    const others = candidates.filter((peer) => peer !== current);
    const next = others[Math.floor(this.#random() * others.length)] ?? candidates[0]!;
    this.#optimistic = next;
    this.#rotatedAt = now;
    return next;
  }
}

function interleave<T>(lists: readonly T[][]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list.slice(n, n + 1))).flat();
}
