import { multiaddr } from '@multiformats/multiaddr';
import { hostOf } from '../connections.ts';
import { scopeOfRemote } from '../dialable.ts';

/** What a node does to be reached from outside, and for others that cannot be. */
export interface ReachOptions {
  /** Takes its reachability for granted: `direct` with an open port, `unreachable` to go through relays only. */
  readonly assume: 'nothing' | 'direct' | 'unreachable';
  /** Relays connections for others, within a budget, while strangers reach this node directly. */
  readonly relay: boolean;
  /** Asks the router for a port mapping by UPnP or NAT-PMP. */
  readonly portMapping: boolean;
  /** Looks for nodes on the local network by multicast DNS. */
  readonly lan: boolean;
  /** Takes part in the distributed hash table. */
  readonly dht: boolean;
  /** Further multiaddrs to announce, such as those of a port that was forwarded by hand. */
  readonly announce: readonly string[];
}

/** Options that may be left out. */
export type ReachSettings = { readonly [Name in keyof ReachOptions]?: ReachOptions[Name] | undefined };

const EVERYTHING: ReachOptions = {
  assume: 'nothing',
  relay: true,
  portMapping: true,
  lan: true,
  dht: true,
  announce: [],
};

const NOTHING: ReachOptions = { ...EVERYTHING, relay: false, portMapping: false, lan: false, dht: false };

/**
 * The options in use; undefined when a node on loopback has asked for nothing: nobody outside may reach it, and it sends
 * nothing to the local network.
 */
export function reachOptions(
  listen: readonly string[],
  given: ReachSettings | undefined,
): ReachOptions | undefined {
  const hosts = listen.map((address) => hostOf(multiaddr(address)));
  const isLocal = hosts.every((host) => host !== undefined && scopeOfRemote(host) === 'loopback');
  if (isLocal) return given && merged(NOTHING, given);
  return merged(EVERYTHING, given ?? {});
}

const merged = (defaults: ReachOptions, given: ReachSettings): ReachOptions => ({
  ...defaults,
  ...(Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<ReachOptions>),
});
