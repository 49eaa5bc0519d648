import type { Connection, PeerId } from '@libp2p/interface';
import { hostOf } from '../connections.ts';
import { addressGroup, scopeOfRemote } from '../dialable.ts';

/** The protocol of circuit relay v2 by which a peer reserves, and by which another connects; one stream a circuit. */
export const HOP_PROTOCOL = '/libp2p/circuit/relay/0.2.0/hop';

/** What a relay gives away: reservations, and circuits that are open at once, in all and to one address group. */
export interface RelayLimits {
  readonly reservations: number;
  readonly reservationsOfGroup: number;
  readonly circuits: number;
  readonly circuitsOfGroup: number;
  /** Of one circuit: bytes both ways, and milliseconds. A cut circuit may be opened again. */
  readonly circuitBytes: bigint;
  readonly circuitMs: number;
  readonly reservationMs: number;
}

/**
 * A session of 1,000 tokens over two relayed hops of a model 4,096 wide moves 64 MiB. All circuits together move at most
 * 32 × 256 MiB in half an hour, 4.8 MB/s.
 */
export const RELAY_LIMITS: RelayLimits = {
  reservations: 128,
  reservationsOfGroup: 8,
  circuits: 32,
  circuitsOfGroup: 8,
  circuitBytes: 256n << 20n,
  circuitMs: 30 * 60_000,
  reservationMs: 60 * 60_000,
};

interface RelayDependencies {
  readonly connections: (peer?: PeerId) => readonly Connection[];
  /** Addresses that hold a reservation, by peer id. */
  readonly reservations: () => ReadonlyMap<string, string | undefined>;
}

/**
 * Decides who may use this node as a relay. Everything follows from the open connections and reservations, so nothing has
 * to be counted and given back. Peers on this machine count one by one, others by address group.
 */
export class RelayBudget {
  readonly #limits: RelayLimits;
  readonly #deps: RelayDependencies;

  constructor(limits: RelayLimits, dependencies: RelayDependencies) {
    this.#limits = limits;
    this.#deps = dependencies;
  }

  mayReserve(peer: PeerId): boolean {
    const held = this.#deps.reservations();
    if (held.has(peer.toString())) return true;
    const group = this.#groupOf(peer);
    const ofGroup = [...held].filter(([id, host]) => groupOf(host, id) === group);
    return held.size < this.#limits.reservations && ofGroup.length < this.#limits.reservationsOfGroup;
  }

  /** Whether `source` may open another circuit to `target`. Its request is one of the streams that are counted. */
  mayConnect(source: PeerId, target: PeerId): boolean {
    const open = this.#deps.connections().flatMap((connection) => {
      const circuits = connection.streams.filter(({ protocol }) => protocol === HOP_PROTOCOL).length;
      const group = groupOf(hostOf(connection.remoteAddr), connection.remotePeer.toString());
      return new Array<string>(circuits).fill(group);
    });
    const ofGroup = open.filter((group) => group === this.#groupOf(source));
    return (
      !source.equals(target) &&
      open.length <= this.#limits.circuits &&
      ofGroup.length <= this.#limits.circuitsOfGroup
    );
  }

  #groupOf(peer: PeerId): string {
    const hosts = this.#deps.connections(peer).flatMap(({ remoteAddr }) => hostOf(remoteAddr) ?? []);
    return groupOf(hosts[0], peer.toString());
  }
}

const groupOf = (host: string | undefined, peer: string): string =>
  host === undefined || scopeOfRemote(host) === 'loopback' ? peer : addressGroup(host);
