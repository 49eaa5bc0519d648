import { addressGroup, placeGroups, scopeOfRemote, siteOf } from '#network/addresses';
import { addressOf } from './address-book.ts';

/** The remote end of a connection. */
export interface RemoteEnd {
  /** Whether we opened it. */
  readonly outgoing: boolean;
  /** `host:port` that was dialled or that connected to us; `/p2p/<node id>` for a tunnel. */
  readonly address: string;
  /** Groups whose connections are counted together, the widest first. */
  readonly groups: readonly string[];
  /** The narrowest group. */
  readonly network: string;
  /** The unit of a ban for corrupt data. */
  readonly origin: string;
  /** Of a tunnel: the id of the node at its other end, which is proved. */
  readonly node?: string;
  /** Whether the bytes go through a relay. */
  readonly isRelayed?: boolean;
}

interface SocketEnd {
  readonly host: string;
  readonly port: number;
  readonly outgoing: boolean;
}

/** The other end of a TCP connection. */
export const socketEnd = ({ host, port, outgoing }: SocketEnd): RemoteEnd => ({
  outgoing,
  address: addressOf({ host, port }),
  groups: placeGroups(host),
  network: addressGroup(host),
  origin: originOf({ host, port }),
});

/** The network, or address and port on this machine, which several nodes share. */
export const originOf = (end: Pick<SocketEnd, 'host' | 'port'>): string =>
  scopeOfRemote(end.host) === 'loopback' ? addressOf(end) : addressGroup(end.host);

/**
 * The other end of a tunnel. `network` is the origin that the host names: all peers behind relays are one, so that together
 * they get the places of one address. A ban hits the node alone where others share its address.
 */
export const tunnelEnd = ({
  node,
  network,
  isRelayed,
  outgoing,
}: Required<Pick<RemoteEnd, 'node' | 'network' | 'isRelayed' | 'outgoing'>>): RemoteEnd => ({
  ...{ outgoing, node, network, isRelayed },
  address: `/p2p/${node}`,
  groups: [siteOf(network), network],
  origin: isRelayed || scopeOfRemote(network) === 'loopback' ? node : network,
});
