import type { Libp2p, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { type Scope, scopeOfRemote } from './dialable.ts';

/** The IP address in a multiaddr; undefined where there is none, or where it is a relay's. */
export function hostOf(address: Multiaddr): string | undefined {
  const components = address.getComponents();
  if (components.some(({ name }) => name === 'p2p-circuit')) return undefined;
  return components.find(({ name }) => name === 'ip4' || name === 'ip6')?.value;
}

/** Peer ids are proven, so one near connection shows that the peer is near; a relay hides where it is. */
export function scopeIn(libp2p: Libp2p, peer: PeerId): Scope {
  const near: Scope[] = ['loopback', 'link-local', 'private'];
  const scopes = libp2p.getConnections(peer).map(({ remoteAddr }) => scopeOfRemote(hostOf(remoteAddr)));
  return near.find((scope) => scopes.includes(scope)) ?? 'public';
}
