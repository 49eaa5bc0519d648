import type { Connection, Libp2p } from '@libp2p/interface';
import { Admission, type Logger, type Place } from '#base';
import { hostOf, RELAYED } from './connections.ts';
import { placeGroups, scopeOfRemote } from './dialable.ts';

/** Bounds on the connections that peers opened, and as many on those that this node opened. */
export const MAX_CONNECTIONS = 256;
/** … of an address, and of a peer; see groupsOf(). */
const MAX_OF_GROUPS = [Infinity, 64, 4];
/** A connection is idle when no service runs on it, and its peer was of no use for so long. */
const IDLE_MS = 300_000;
const GOSSIP = /^\/(mesh|flood)sub\//;

/** The groups of a connection. Peers on this machine share no group; those behind a relay share that relay's. */
function groupsOf({ remoteAddr, remotePeer }: Connection): string[] {
  const peer = remotePeer.toString();
  const host = hostOf(remoteAddr);
  if (host === undefined) return [RELAYED, RELAYED, peer];
  return scopeOfRemote(host) === 'loopback' ? [peer, peer, peer] : [...placeGroups(host), peer];
}

class ConnectionPlace implements Place {
  readonly connection: Connection;
  readonly groups: readonly string[];
  readonly #usedAt: () => number;
  readonly #now: () => number;

  constructor(connection: Connection, clock: { usedAt: () => number; now: () => number }) {
    this.connection = connection;
    this.groups = groupsOf(connection);
    this.#usedAt = clock.usedAt;
    this.#now = clock.now;
  }

  get isIdle(): boolean {
    const { streams } = this.connection;
    return this.#now() - this.#usedAt() >= IDLE_MS && streams.every(({ protocol }) => GOSSIP.test(protocol));
  }

  get worth(): number {
    return this.#usedAt();
  }
}

/**
 * Decides which connections stay, by `Admission`. Those that this node opened have places of their own, so that strangers who
 * take all others do not cut it off from the nodes that it chose.
 */
export class ConnectionPlaces {
  readonly #now: () => number;
  readonly #inbound = new Admission<ConnectionPlace>({ total: MAX_CONNECTIONS, groups: MAX_OF_GROUPS });
  readonly #outbound = new Admission<ConnectionPlace>({ total: MAX_CONNECTIONS, groups: MAX_OF_GROUPS });
  readonly #places = new Map<string, ConnectionPlace>();
  /** When each connected peer was last of use. */
  readonly #usedAt = new Map<string, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Admits a new connection. Returns the one to close: one that it replaces, or itself. */
  opened(connection: Connection): Connection | undefined {
    const peer = connection.remotePeer.toString();
    const openedAt = this.#now();
    const usedAt = () => Math.max(openedAt, this.#usedAt.get(peer) ?? 0);
    const place = new ConnectionPlace(connection, { usedAt, now: this.#now });
    const admission = this.#of(connection);
    const evicted = admission.hasRoom(place.groups) ? undefined : admission.evictable(place.groups);
    if (evicted) this.closed(evicted.connection);
    if (!admission.hasRoom(place.groups)) return connection;
    admission.add(place);
    this.#places.set(connection.id, place);
    return evicted?.connection;
  }

  closed(connection: Connection): void {
    const place = this.#places.get(connection.id);
    if (!place) return;
    this.#places.delete(connection.id);
    this.#of(connection).delete(place);
  }

  /** A service was used between this node and a connected peer, or the peer relayed something new. */
  used(peer: string): void {
    this.#usedAt.set(peer, this.#now());
  }

  /** The last connection of a peer has closed. */
  gone(peer: string): void {
    this.#usedAt.delete(peer);
  }

  #of({ direction }: Connection): Admission<ConnectionPlace> {
    return direction === 'inbound' ? this.#inbound : this.#outbound;
  }
}

/** Closes each connection of `libp2p` for which there is no place. */
export function limitConnections(libp2p: Libp2p, log: Logger): ConnectionPlaces {
  const places = new ConnectionPlaces();
  libp2p.addEventListener('connection:open', ({ detail }) => {
    const leaving = places.opened(detail);
    if (!leaving) return;
    log.info({ peer: leaving.remotePeer.toString() }, 'connection closed: too many');
    leaving.close().catch((error: Error) => leaving.abort(error));
  });
  libp2p.addEventListener('connection:close', ({ detail }) => places.closed(detail));
  libp2p.addEventListener('peer:disconnect', ({ detail }) => places.gone(detail.toString()));
  return places;
}
