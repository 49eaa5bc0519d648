import { OPTIMISTIC_MS, RECHOKE_MS } from './constants.ts';

/** What the choker needs of a connection. */
export interface Chokable {
  readonly interested: boolean;
  /** Whether we refuse to serve it now. */
  readonly choked: boolean;
  /** How much the peer is worth: bytes per second it gives us, or takes when we only give. */
  readonly worth: number;
  readonly network: string;
  setChoking(choked: boolean): void;
}

/**
 * Shares the upload slots of a node (BEP 3's choking): most go to the peers of the highest rates, one to a random
 * other peer that changes every half minute, so that newcomers get a chance. A free slot is given at once.
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

  /** Gives free slots to interested peers and takes slots from those who lost interest. Cheap: call it on any change. */
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

  /** Moves slots to the peers that earn them; does so every ten seconds however often it is called. */
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

  /** The best of each network come first, then the second best of each: no host gets all slots while others wait. */
  #ranked(peers: readonly P[]): P[] {
    const byWorth = peers.filter((peer) => peer.interested).sort((a, b) => b.worth - a.worth);
    return interleave([...Map.groupBy(byWorth, ({ network }) => network).values()]);
  }

  /** The current one for its half minute, then another one at random. */
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
