import type { Connection, PeerId } from '@libp2p/interface';
import { dropOldest, type Logger, messageOf } from '#base';
import { hostOf } from '../connections.ts';
import { circuitOf, parseMultiaddr, type Scope, scopeOfRemote } from '../dialable.ts';
import { HOP_PROTOCOL } from './relay-budget.ts';

/** Reservations held while this node needs relays; with two the loss of one is not noticed. */
const RELAYS_WANTED = 2;
/** Pause before a relay that refused is asked again. */
const REFUSED_MS = 5 * 60_000;
/** Peers that are known to be relays. */
const MAX_KNOWN = 256;

/** The reservations of the circuit transport. */
export interface Reservations {
  hasReservation(relay: PeerId): boolean;
  /** Reserves, and renews until the connection to the relay closes. */
  addRelay(relay: PeerId, type: 'configured'): Promise<unknown>;
}

interface RelaysDependencies {
  readonly reservations: Reservations;
  readonly connections: (peer?: PeerId) => readonly Connection[];
  readonly log: Logger;
  /** Called when the set of reservations has changed. */
  readonly onChange: () => void;
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** The relays through which this node can be reached. Follows from the open connections, like `Contacts`. */
export class Relays {
  readonly #deps: RelaysDependencies;
  readonly #known = new Map<string, PeerId>();
  readonly #notBefore = new Map<string, number>();
  readonly #asking = new Set<string>();
  #held = '';

  constructor(dependencies: RelaysDependencies) {
    this.#deps = dependencies;
  }

  /** Notes the protocols that a connected peer supports. */
  heard(peer: PeerId, protocols: readonly string[]): void {
    const id = peer.toString();
    this.#known.delete(id);
    if (protocols.includes(HOP_PROTOCOL)) this.#known.set(id, peer);
    dropOldest(this.#known, MAX_KNOWN);
  }

  /** Circuit addresses of this node, one for each reservation. */
  get addresses(): string[] {
    return this.#reserved.flatMap((peer) => this.#circuitVia(peer) ?? []);
  }

  /** Whether this node reserved a place at the relay. */
  uses(relay: PeerId): boolean {
    return this.#deps.reservations.hasReservation(relay);
  }

  /** Reserves where a relay is missing. `wanted`: false while strangers reach this node directly. */
  look(wanted: boolean): void {
    const now = this.#now;
    const missing = wanted ? RELAYS_WANTED - this.#reserved.length - this.#asking.size : 0;
    const candidates = [...this.#known.values()]
      .filter((peer) => !this.uses(peer) && !this.#asking.has(peer.toString()))
      .filter((peer) => (this.#notBefore.get(peer.toString()) ?? 0) <= now && this.#circuitVia(peer))
      .sort((a, b) => Number(this.#scopeOf(b) === 'public') - Number(this.#scopeOf(a) === 'public'));
    for (const peer of candidates.slice(0, Math.max(0, missing))) void this.#reserve(peer);
    this.#notice();
  }

  async #reserve(peer: PeerId): Promise<void> {
    const id = peer.toString();
    this.#asking.add(id);
    try {
      await this.#deps.reservations.addRelay(peer, 'configured');
      this.#notBefore.delete(id);
    } catch (error) {
      this.#deps.log.debug({ relay: id, error: messageOf(error) }, 'no reservation at a relay');
      this.#notBefore.delete(id);
      this.#notBefore.set(id, this.#now + REFUSED_MS);
      dropOldest(this.#notBefore, MAX_KNOWN);
    } finally {
      this.#asking.delete(id);
      this.#notice();
    }
  }

  #notice(): void {
    const held = this.addresses.join();
    if (held === this.#held) return;
    this.#held = held;
    this.#deps.onChange();
  }

  get #reserved(): PeerId[] {
    return [...this.#known.values()].filter((peer) => this.uses(peer));
  }

  /** The relay is told to others at the address where this node has dialled it; one that dialled us has told no such address. */
  #circuitVia(peer: PeerId): string | undefined {
    for (const { direction, limits, remoteAddr } of this.#deps.connections(peer)) {
      const relay = parseMultiaddr(remoteAddr.toString(), peer.toString());
      if (direction === 'outbound' && !limits && relay && relay.kind !== 'name')
        return circuitOf({ relay, relayId: peer.toString() });
    }
    return undefined;
  }

  #scopeOf(peer: PeerId): Scope {
    return scopeOfRemote(
      this.#deps.connections(peer).flatMap(({ remoteAddr }) => hostOf(remoteAddr) ?? [])[0],
    );
  }

  get #now(): number {
    return (this.#deps.now ?? (() => performance.now()))();
  }
}
