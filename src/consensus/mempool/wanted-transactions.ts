import { toHex } from '#base';
import type { ChainPeer } from '../gossip/index.ts';

/** Ids that one peer may have offered and not delivered: junk fills only its own share. */
const MAX_WANTED = 2_048;
/** Time in ms after which a transaction is requested from the next peer that offered it. */
const WANT_MS = 2_000;
/** Time in ms for which an undelivered id counts against the peers that offered it. */
const FORGET_MS = 60_000;

interface Wanted {
  readonly id: Uint8Array;
  readonly since: number;
  askedAt: number;
  /** The first `asked` of them were asked. */
  readonly offered: ChainPeer[];
  asked: number;
}

/**
 * Transactions that peers have offered and this node lacks: each is requested from one peer at a time, eventually
 * from all.
 */
export class WantedTransactions {
  readonly #wanted = new Map<string, Wanted>();

  get size(): number {
    return this.#wanted.size;
  }

  /** Whether to request it from this peer now. */
  offered(id: Uint8Array, peer: ChainPeer, now: number): boolean {
    const name = toHex(id);
    if (peer.wanted.has(name) || peer.wanted.size >= MAX_WANTED) return false;
    peer.wanted.add(name);
    const known = this.#wanted.get(name);
    if (known) {
      known.offered.push(peer);
      return false;
    }
    this.#wanted.set(name, { id, since: now, askedAt: now, offered: [peer], asked: 1 });
    return true;
  }

  /** A transaction has arrived. Returns the peers that offered it, if this peer was asked for it. */
  delivered(id: Uint8Array, peer: ChainPeer): readonly ChainPeer[] | undefined {
    const wanted = this.#wanted.get(toHex(id));
    if (!wanted?.offered.slice(0, wanted.asked).includes(peer)) return undefined;
    this.#forget(toHex(id), wanted);
    return wanted.offered;
  }

  /**
   * Requests to send for what is overdue, by peer. Forgets ids that nobody delivers, that have arrived (`isHere`),
   * or that only disconnected peers have offered: a peer that reconnects again and again still has one share.
   */
  overdue(
    now: number,
    isHere: (id: Uint8Array) => boolean,
    peers: readonly ChainPeer[],
  ): Map<ChainPeer, Uint8Array[]> {
    const next = new Map<ChainPeer, Uint8Array[]>();
    const present = new Set(peers);
    for (const [name, wanted] of this.#wanted) {
      const isOffered = wanted.offered.some((peer) => present.has(peer));
      if (now - wanted.since >= FORGET_MS || !isOffered || isHere(wanted.id)) {
        this.#forget(name, wanted);
        continue;
      }
      const peer = now - wanted.askedAt >= WANT_MS ? wanted.offered[wanted.asked] : undefined;
      if (!peer) continue;
      wanted.asked++;
      wanted.askedAt = now;
      next.set(peer, [...(next.get(peer) ?? []), wanted.id]);
    }
    return next;
  }

  #forget(name: string, { offered }: Wanted): void {
    this.#wanted.delete(name);
    for (const peer of offered) peer.wanted.delete(name);
  }
}
