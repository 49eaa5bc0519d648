import { type Dialable, multiaddrOf, parseDialable, parseMultiaddr } from '../dialable.ts';
import { isDisproved, provenAddresses, type ReachState } from './reachability.ts';

/** What a node knows of its own addresses. Multiaddrs without peer ids. */
export interface OwnAddresses {
  /** Addresses of this machine on which the node listens. */
  readonly listening: readonly string[];
  /** Given by the owner. */
  readonly configured: readonly string[];
  /** Ports of the router that are mapped to this node. */
  readonly mapped: readonly string[];
  /** Circuit addresses. */
  readonly circuits: readonly string[];
  /** The public address that peers see. */
  readonly seenHost: string | undefined;
}

/** Addresses that strangers may be asked to dial: public ones of this machine, mapped ports, and ports forwarded by hand. */
export function addressesToProve({ listening, mapped, seenHost }: OwnAddresses): string[] {
  const endpoints = listening.flatMap((address) => parseMultiaddr(address) ?? []);
  const forwarded = endpoints
    .filter(({ kind, scope }) => kind === 'ip4' && scope === 'private')
    .flatMap(({ port }) => (seenHost === undefined ? [] : (parseDialable(seenHost, port) ?? [])));
  const own = endpoints.filter(isPublic);
  return unique([...own.map(multiaddrOf), ...mapped, ...forwarded.map(multiaddrOf)]);
}

/**
 * What a node announces: what its owner gave, what strangers have got through to, its own public addresses unless strangers
 * have failed there, those of its local networks, and circuits as long as no stranger gets through.
 */
export function addressesToAnnounce(own: OwnAddresses, state: ReachState, now: number): string[] {
  const proven = provenAddresses(state, now);
  const usable = own.listening.filter((address) => !isDisproved(state, address));
  const circuits = proven.length > 0 ? [] : own.circuits;
  return unique([...own.configured, ...proven, ...usable, ...circuits]);
}

const isPublic = ({ scope }: Dialable): boolean => scope === 'public';

const unique = (addresses: readonly string[]): string[] => [...new Set(addresses)];
