import type { ChainPeer } from '../gossip/index.ts';

/** Length of an epoch in ms, in which stems do not change: comparing many transactions reveals nothing new. */
const EPOCH_MS = 600_000;
/** Successors of a node per epoch. */
const SUCCESSORS = 2;
/** One in this many nodes broadcasts what it receives: the mean length of a stem. */
const MEAN_HOPS = 5;
/** Mean time in ms after which a node broadcasts what it forwarded, unless another node has. */
const EMBARGO_MS = 10_000;

/**
 * The stems along which transactions travel before they are broadcast (Dandelion++, arXiv 1805.11060). In each
 * epoch a node forwards everything from one neighbour to the same successor, or broadcasts all it receives. It
 * always forwards its own.
 */
export class Stem {
  readonly #now: () => number;
  readonly #random: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #broadcasts = false;
  #successors: ChainPeer[] = [];
  /** By neighbour; our own under the empty name. */
  readonly #routes = new Map<string, ChainPeer>();

  /** @param options.random unpredictable numbers from 0 to below 1 */
  constructor({ now, random }: { now: () => number; random: () => number }) {
    this.#now = now;
    this.#random = random;
  }

  /**
   * The successor for a transaction of a neighbour, or one submitted at this node; undefined when it is to be
   * broadcast.
   */
  next(from: ChainPeer | undefined, peers: readonly ChainPeer[]): ChainPeer | undefined {
    this.#keepEpoch();
    if (from && this.#broadcasts) return undefined;
    const name = from?.id ?? OURS;
    const known = this.#routes.get(name);
    if (known && peers.includes(known)) return known;
    this.#successors = this.#chosenOf(peers);
    const others = this.#successors.filter((peer) => peer !== from);
    const route = this.#pick(others.length > 0 ? others : peers.filter((peer) => peer !== from));
    if (route) this.#routes.set(name, route);
    return route;
  }

  /** Exponentially distributed, so that whichever node times out first reveals nothing about the origin. */
  embargoMs(): number {
    return -Math.log(1 - this.#random()) * EMBARGO_MS;
  }

  #keepEpoch(): void {
    if (this.#now() < this.#until) return;
    this.#until = this.#now() + EPOCH_MS;
    this.#broadcasts = this.#random() < 1 / MEAN_HOPS;
    this.#successors = [];
    this.#routes.clear();
  }

  /**
   * This epoch's successors that are still connected, filled up: from our contacts, if there are enough of them.
   */
  #chosenOf(peers: readonly ChainPeer[]): ChainPeer[] {
    const chosen = this.#successors.filter((peer) => peers.includes(peer));
    const contacts = peers.filter(({ isContact }) => isContact);
    const left = new Set(contacts.length >= SUCCESSORS ? contacts : peers);
    for (const peer of chosen) left.delete(peer);
    while (chosen.length < SUCCESSORS && left.size > 0) {
      const peer = this.#pick([...left])!;
      left.delete(peer);
      chosen.push(peer);
    }
    return chosen;
  }

  #pick(from: readonly ChainPeer[]): ChainPeer | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }
}

const OURS = '';
