import type { Libp2p, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { dropOldest } from '#base';
import { addressGroup, type Scope, scopeOfRemote } from './dialable.ts';

/** The origin of peers behind relays: a relay does not tell where they are, so all of them count as one address. */
export const RELAYED = 'relayed';

/** The IP address in a multiaddr; undefined where there is none, or where it is that of a relay. */
export function hostOf(address: Multiaddr): string | undefined {
  const components = address.getComponents();
  if (components.some(({ name }) => name === 'p2p-circuit')) return undefined;
  return components.find(({ name }) => name === 'ip4' || name === 'ip6')?.value;
}

/**
 * The IP address that answers for what comes over a connection: the peer's own, or that of its relay. Otherwise one machine
 * could make any number of identities behind a relay of its own, each with a budget.
 */
export const originHostOf = (address: Multiaddr): string | undefined =>
  address.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value;

/**
 * The narrowest scope among a peer's connections. Peer ids are authenticated, so one near connection proves that the peer
 * is near; relayed connections prove nothing.
 */
export function scopeIn(libp2p: Libp2p, peer: PeerId): Scope {
  const near: Scope[] = ['loopback', 'link-local', 'private'];
  const scopes = libp2p.getConnections(peer).map(({ remoteAddr }) => scopeOfRemote(hostOf(remoteAddr)));
  return near.find((scope) => scopes.includes(scope)) ?? 'public';
}

/** The scope of the most distant peer that is connected, the widest that others may have told of; public where there is none. */
export function farthestScope(libp2p: Pick<Libp2p, 'getConnections'>): Scope {
  const scopes = libp2p.getConnections().map(({ remoteAddr }) => scopeOfRemote(hostOf(remoteAddr)));
  const order: Scope[] = ['public', 'private', 'link-local', 'loopback'];
  return order.find((scope) => scopes.includes(scope)) ?? 'public';
}

/** The address group that a peer is connected from, RELAYED behind a relay, its own id where it is not connected. */
export function originIn(libp2p: Libp2p, peer: PeerId): string {
  const hosts = libp2p.getConnections(peer).map(({ remoteAddr }) => hostOf(remoteAddr));
  const address = hosts.find((host) => host !== undefined);
  if (address !== undefined) return addressGroup(address);
  return hosts.length > 0 ? RELAYED : peer.toString();
}

/** Number of peers whose last scope is remembered. */
const MAX_REMEMBERED = 1_000;

/**
 * Remembers how near peers are, or were when last connected. Addresses learnt from a near peer stay valid after it has
 * left: libp2p filters all addresses of a peer again at each change, for instance after a failed dial, when the peer may be
 * gone.
 */
export class PeerScopes {
  /** Scope by peer id, in order of the last connection. */
  readonly #last = new Map<string, Scope>();

  note(libp2p: Libp2p, peer: PeerId): void {
    if (libp2p.getConnections(peer).length === 0) return;
    const id = peer.toString();
    this.#last.delete(id);
    this.#last.set(id, scopeIn(libp2p, peer));
    dropOldest(this.#last, MAX_REMEMBERED);
  }

  /** A peer that was never connected is known from the hash table, so a connected peer told of it. */
  of(libp2p: Libp2p, peer: PeerId): Scope {
    this.note(libp2p, peer);
    return this.#last.get(peer.toString()) ?? farthestScope(libp2p);
  }
}
