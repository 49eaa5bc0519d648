import { PLACE_GRACE_MS, PLACE_USE_BYTES_PER_SECOND } from './constants.ts';

/** A connection, as far as the limits need to know it. */
export interface LimitedConnection {
  /** See addressGroup(): an IPv4 address, or the /64 of an IPv6 one. */
  readonly network: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Recent payload bytes per second in both directions; 0 when neither side is interested. */
  readonly use: number;
}

/**
 * Limits the connections of a node, in total and per network, so that no host takes all of them. When there is no room, a
 * newcomer may replace the least useful connection: of its own network if that is at its limit, else of the network that
 * has most, else any idle one.
 */
export class ConnectionLimits<P extends LimitedConnection> {
  readonly #total: number;
  readonly #perNetwork: number;
  readonly #networks = new Map<string, Set<P>>();
  #count = 0;

  constructor(total: number, perNetwork: number) {
    this.#total = total;
    this.#perNetwork = perNetwork;
  }

  add(placed: P): void {
    const members = this.#networks.get(placed.network) ?? new Set();
    this.#networks.set(placed.network, members);
    if (!members.has(placed)) this.#count++;
    members.add(placed);
  }

  remove(placed: P): void {
    const members = this.#networks.get(placed.network);
    if (!members?.delete(placed)) return;
    this.#count--;
    if (members.size === 0) this.#networks.delete(placed.network);
  }

  hasRoom(network: string): boolean {
    return this.#count < this.#total && this.#countOf(network) < this.#perNetwork;
  }

  /** The connection to close for a newcomer of this network when there is no room; undefined when none has to give way. */
  evictable(network: string, now: number): P | undefined {
    if (this.#countOf(network) >= this.#perNetwork)
      return leastUseful(this.#idle(this.#networks.get(network)!, now));
    const largest = [...this.#networks.values()].reduce((a, b) => (b.size > a.size ? b : a), new Set<P>());
    if (largest.size > this.#countOf(network) + 1) return leastUseful([...largest]);
    return leastUseful([...this.#networks.values()].flatMap((members) => this.#idle(members, now)));
  }

  #idle(members: Iterable<P>, now: number): P[] {
    return [...members].filter(
      ({ use, openedAt }) => use < PLACE_USE_BYTES_PER_SECOND && now - openedAt >= PLACE_GRACE_MS,
    );
  }

  #countOf(network: string): number {
    return this.#networks.get(network)?.size ?? 0;
  }
}

function leastUseful<P extends LimitedConnection>(candidates: readonly P[]): P | undefined {
  return candidates.toSorted((a, b) => a.use - b.use || a.openedAt - b.openedAt)[0];
}
