import type { PeerInfo } from '@libp2p/interface';
import { dropOldest, type Logger, messageOf } from '#base';
import { dialableOnly, scopeOfAddress } from '../dialable.ts';
import type { PeerAddress } from '../peer-address.ts';

/** The name of the service in multicast DNS. */
export const LAN_SERVICE = '_bitorch._udp.local';

/** Dials at a time, peers remembered, and the pause before one is dialled again. */
const MAX_DIALS = 4;
const MAX_MET = 64;
const DIAL_AGAIN_MS = 60_000;

interface LanDependencies {
  readonly host: {
    isConnected(peer: string): boolean;
    connect(peer: PeerAddress): Promise<string>;
  };
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Connects to nodes of the local network. Whoever can send to a multicast group of the site may name any address, so only
 * private ones are dialled, a few at a time.
 */
export class LanPeers {
  readonly #deps: LanDependencies;
  /** When a peer was dialled last, oldest first. */
  readonly #dialledAt = new Map<string, number>();
  #dials = 0;

  constructor(dependencies: LanDependencies) {
    this.#deps = dependencies;
  }

  found({ id, multiaddrs }: Pick<PeerInfo, 'id' | 'multiaddrs'>): void {
    const peer = id.toString();
    const { host, now } = this.#deps;
    const last = this.#dialledAt.get(peer) ?? Number.NEGATIVE_INFINITY;
    if (host.isConnected(peer) || this.#dials >= MAX_DIALS || now() - last < DIAL_AGAIN_MS) return;
    const told = dialableOnly(multiaddrs.map(String), 'private', peer);
    const addresses = told.filter((address) => scopeOfAddress(address) === 'private');
    if (addresses.length === 0) return;
    this.#dialledAt.delete(peer);
    this.#dialledAt.set(peer, now());
    dropOldest(this.#dialledAt, MAX_MET);
    void this.#dial({ id: peer, addresses, learntFrom: 'private' });
  }

  async #dial(peer: PeerAddress): Promise<void> {
    this.#dials++;
    try {
      await this.#deps.host.connect(peer);
    } catch (error) {
      this.#deps.log.debug(
        { peer: peer.id, error: messageOf(error) },
        'node of the local network not reached',
      );
    } finally {
      this.#dials--;
    }
  }
}
