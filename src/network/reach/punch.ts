import { AsyncLocalStorage } from 'node:async_hooks';
import { type DCUtRServiceComponents, dcutr } from '@libp2p/dcutr';
import type { Connection, PeerId, StreamHandler, Topology } from '@libp2p/interface';
import type { ConnectionManager, OpenConnectionOptions, Registrar } from '@libp2p/interface-internal';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { dialableOnly, multiaddrOf, parseDialable } from '../dialable.ts';
import type { Endpoint } from './nat-guess.ts';
import { withComponent } from './with-component.ts';

/** Addresses told and dialled in one attempt: a stranger must not have this node dial a long list. */
const MAX_ADDRESSES = 3;
const OUR_STREAMS = '/bitorch/';

interface PunchDependencies {
  /** Where peers see connections from the shared port. */
  readonly endpoints: () => readonly Endpoint[];
  /** Told each direct connection that was opened. */
  readonly onPunched: (connection: Connection) => void;
}

/**
 * Punches holes by DCUtR (github.com/libp2p/specs/blob/master/relay/DCUtR.md): two peers that met at a relay dial each other
 * at the same time. What differs from the package alone: the addresses told are those of the shared port, not the ones that
 * are announced; only a few are dialled, public ones, and only this peer is accepted there; a relayed connection that is in
 * use stays open until it is idle.
 */
export class HolePuncher {
  readonly #deps: PunchDependencies;
  /** The peer that an attempt is made with: the package does not pass it on to the dial. */
  readonly #attempt = new AsyncLocalStorage<PeerId>();
  /** Dials under way, by peer: who begins the handshake on the connection. */
  readonly #dialling = new Map<string, { readonly initiator: boolean }>();

  constructor(dependencies: PunchDependencies) {
    this.#deps = dependencies;
  }

  /** Whether a direct connection with the peer is being prepared. */
  isDialling(peer: PeerId): boolean {
    return this.#dialling.has(peer.toString());
  }

  /**
   * Whether the peer begins the handshake although this node dials: both have dialled, so the roles are agreed before. The dial
   * queue of libp2p loses this option.
   */
  responds(peer: string): boolean {
    return this.#dialling.get(peer)?.initiator === false;
  }

  /** The service for libp2p. */
  service(components: DCUtRServiceComponents): unknown {
    const { connectionManager, peerStore, transportManager, logger } = components;
    return dcutr()({
      peerStore,
      transportManager,
      logger,
      registrar: this.#registrar(components.registrar),
      addressManager: { getAddresses: () => this.#addresses() },
      connectionManager: {
        openConnection: (addresses: readonly Multiaddr[], options: OpenConnectionOptions) =>
          this.#dial(connectionManager, addresses, options),
      },
    } as unknown as DCUtRServiceComponents);
  }

  #registrar(registrar: Registrar): Partial<Registrar> {
    return {
      register: (protocol, topology) =>
        registrar.register(protocol, {
          ...topology,
          onConnect: (peer: PeerId, connection: Connection) =>
            this.#attempt.run(peer, () => topology.onConnect?.(peer, closingWhenIdle(connection))),
        } satisfies Topology),
      unregister: (id) => registrar.unregister(id),
      handle: (protocol: string, handler: StreamHandler, options) =>
        registrar.handle(
          protocol,
          (stream, connection) => {
            // The side that was dialled through the relay asks, so a stranger cannot have this node dial on its own.
            if (connection.direction === 'inbound' || !connection.limits)
              return stream.abort(new Error('holes are punched for circuits that this node has opened'));
            return this.#attempt.run(connection.remotePeer, () =>
              handler(stream, closingWhenIdle(connection)),
            );
          },
          options,
        ),
      unhandle: (protocol) => registrar.unhandle(protocol),
    };
  }

  #addresses(): Multiaddr[] {
    return this.#deps
      .endpoints()
      .flatMap(({ host, port }) => parseDialable(host, port) ?? [])
      .slice(0, MAX_ADDRESSES)
      .map((endpoint) => multiaddr(multiaddrOf(endpoint)));
  }

  async #dial(
    manager: ConnectionManager,
    addresses: readonly Multiaddr[],
    options: OpenConnectionOptions,
  ): Promise<Connection> {
    const peer = this.#attempt.getStore();
    if (!peer) throw new Error('no peer to punch a hole to');
    const id = peer.toString();
    const targets = dialableOnly(addresses.map(String), 'public', id)
      .filter((address) => !address.endsWith('/p2p-circuit'))
      .slice(0, MAX_ADDRESSES)
      .map((address) => multiaddr(`${address}/p2p/${id}`));
    if (this.#dialling.has(id)) throw new Error(`already punching a hole to ${id}`);
    this.#dialling.set(id, { initiator: options.initiator !== false });
    try {
      const connection = await manager.openConnection(targets, options);
      this.#deps.onPunched(connection);
      return connection;
    } finally {
      this.#dialling.delete(id);
    }
  }
}

/** The connection as DCUtR sees it: closed only when no stream of this node's protocols uses it any more. */
const closingWhenIdle = (connection: Connection): Connection =>
  withComponent(connection, 'close', async () => closeWhenIdle(connection));

function closeWhenIdle(connection: Connection): void {
  const used = connection.streams.find(({ protocol }) => protocol.startsWith(OUR_STREAMS));
  if (used) used.addEventListener('close', () => closeWhenIdle(connection), { once: true });
  else connection.close().catch((error: Error) => connection.abort(error));
}
