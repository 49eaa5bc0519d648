import type { PeerAddress } from './host.ts';

/** Most peers remembered, in all and per address group. */
const MAX_MET = 40;
const MAX_OF_GROUP = 4;
/** Of these, slots for the latest arrivals; the others are kept by how long they were connected. */
const NEWCOMERS = 8;
/** How long a peer is remembered after its last connection, or after a start that found it on disk, in ms. */
const MET_MS = 3_600_000;

export interface MetPeer {
  readonly id: string;
  /** Address group: its peers are assumed to belong to one party. */
  readonly group: string;
  /** Where it listens; no addresses until it has said so. */
  address: PeerAddress;
  /** The addresses that were dialled when a dial last succeeded. */
  reached: readonly string[];
  /** Total time that it was connected, in ms. */
  connectedMs: number;
  readonly cameAt: number;
  /** When it was last connected. */
  lastAt: number;
}

/**
 * The peers that were met recently. A peer that was connected for long is kept, however many come after it: any number
 * of strangers compete for the slots of the latest arrivals, and one address group has few slots. Times in ms, from a
 * monotonic clock.
 */
export class MetPeers {
  readonly #all = new Map<string, MetPeer>();
  #noted: number | undefined;

  get all(): MetPeer[] {
    return [...this.#all.values()];
  }

  get(id: string): MetPeer | undefined {
    return this.#all.get(id);
  }

  /** Whether it is kept: not if its group, or all slots, are taken by peers that were connected for longer. */
  add(peer: Omit<MetPeer, 'cameAt' | 'lastAt'> & { lastAt?: number }, now: number): boolean {
    const { id, group } = peer;
    this.#all.set(id, { lastAt: now, ...peer, cameAt: now });
    this.#evict(
      this.all.filter((met) => met.group === group),
      MAX_OF_GROUP,
    );
    this.#evict(this.all.slice(0, -NEWCOMERS), MAX_MET - NEWCOMERS);
    return this.#all.has(id);
  }

  /** Forgets a peer and returns it; undefined if it was not known. */
  take(id: string): MetPeer | undefined {
    const met = this.#all.get(id);
    this.#all.delete(id);
    return met;
  }

  /** Records which peers are connected now; call it often. */
  note(connected: ReadonlySet<string>, now: number): void {
    const passed = now - (this.#noted ?? now);
    this.#noted = now;
    for (const met of this.#all.values()) {
      if (connected.has(met.id)) {
        met.connectedMs += Math.min(passed, now - met.cameAt);
        met.lastAt = now;
      } else if (now - Math.max(met.lastAt, met.cameAt) > MET_MS) this.#all.delete(met.id);
    }
  }

  /** Whether none of a peer's addresses was ever reached: it may have told those of somebody else. */
  isUnproven(id: string): boolean {
    const met = this.#all.get(id);
    return met !== undefined && !met.address.addresses.some((address) => met.reached.includes(address));
  }

  /**
   * If there are more than `most`, forgets the one that was connected for the shortest time; of equals the newest.
   */
  #evict(some: readonly MetPeer[], most: number): void {
    if (some.length <= most) return;
    const shortest = Math.min(...some.map(({ connectedMs }) => connectedMs));
    this.#all.delete(some.findLast(({ connectedMs }) => connectedMs === shortest)!.id);
  }
}
