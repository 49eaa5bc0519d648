import type { ChainPeer } from '../gossip/peer.ts';

/** For so long the ways of transactions stay as they are: who compares many learns nothing new. */
const EPOCH_MS = 600_000;
/** Nodes that a node passes transactions on to in an epoch. */
const SUCCESSORS = 2;
/** Of so many nodes one spreads what comes to it: the mean length of a way. */
const MEAN_HOPS = 5;
/** Mean time after which a node spreads what it has passed on, unless somebody else has. */
const EMBARGO_MS = 10_000;

/**
 * The ways that transactions go before they are spread (Dandelion++, arXiv 1805.11060): in each epoch a node passes on all
 * that comes from one neighbour to the same successor, or spreads all that comes. Its own it always passes on.
 */
export class Stem {
  readonly #now: () => number;
  readonly #random: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #spreads = false;
  #successors: ChainPeer[] = [];
  /** By neighbour, ours under our own name. */
  readonly #ways = new Map<string, ChainPeer>();

  /** `random`: numbers from 0 to below 1 that nobody can foretell. */
  constructor({ now, random }: { now: () => number; random: () => number }) {
    this.#now = now;
    this.#random = random;
  }

  /** Whom to pass on to what came from a neighbour, or was handed in here; undefined when it is to be spread. */
  next(from: ChainPeer | undefined, peers: readonly ChainPeer[]): ChainPeer | undefined {
    this.#keepEpoch();
    if (from && this.#spreads) return undefined;
    const name = from?.id ?? OURS;
    const known = this.#ways.get(name);
    if (known && peers.includes(known)) return known;
    this.#successors = this.#chosenOf(peers);
    const others = this.#successors.filter((peer) => peer !== from);
    const way = this.#pick(others.length > 0 ? others : peers.filter((peer) => peer !== from));
    if (way) this.#ways.set(name, way);
    return way;
  }

  /** Exponential, so that whose time runs out first says nothing about who began. */
  embargoMs(): number {
    return -Math.log(1 - this.#random()) * EMBARGO_MS;
  }

  #keepEpoch(): void {
    if (this.#now() < this.#until) return;
    this.#until = this.#now() + EPOCH_MS;
    this.#spreads = this.#random() < 1 / MEAN_HOPS;
    this.#successors = [];
    this.#ways.clear();
  }

  /** Those of this epoch that are still there, filled up: with nodes of our own choice if there are enough of them. */
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
