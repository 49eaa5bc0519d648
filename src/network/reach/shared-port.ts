import { createServer } from 'node:net';
import type { Connection, Transport } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { codeOf } from '#base';
import { hostOf } from '../connections.ts';
import { parseDialable } from '../dialable.ts';

type TcpFactory = ReturnType<typeof tcp>;
type DialOptions = Parameters<Transport['dial']>[1];

/** The port is taken, or still waits for the end of an earlier connection to the same address. */
const PORT_IN_USE = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/**
 * Opens all connections to public IPv4 addresses from one local port. A router gives them one mapping, as long as it maps by
 * the inner address alone (RFC 4787 §4.1). A peer that hears of this mapping can dial through it while this node dials back:
 * that is how TCP holes are punched (RFC 5128 §3.4). Linux lets sockets share a port that none of them listens on, as Node
 * binds every socket with SO_REUSEADDR. Elsewhere the second dial falls back to a port of its own.
 */
export class SharedPort {
  readonly #port: number;
  readonly #connections = new WeakSet<Connection>();

  private constructor(port: number) {
    this.#port = port;
  }

  static async choose(): Promise<SharedPort> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '0.0.0.0', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return new SharedPort(typeof address === 'object' && address ? address.port : 0);
  }

  /** Whether this node opened the connection from the shared port. */
  opened(connection: Connection): boolean {
    return this.#connections.has(connection);
  }

  /** The TCP transport that dials from this port. `responds`: whether a peer begins the handshake where this node dials. */
  transport(responds: (peer: string) => boolean): TcpFactory {
    return (components) => {
      const transport = tcp()(components);
      const dial = transport.dial.bind(transport);
      transport.dial = (address, options) => {
        const peer = address.getComponents().findLast(({ name }) => name === 'p2p')?.value;
        const isResponder = peer !== undefined && responds(peer);
        return this.#dial(dial, address, isResponder ? asResponder(options) : options);
      };
      return transport;
    };
  }

  async #dial(dial: Transport['dial'], address: Multiaddr, options: DialOptions): Promise<Connection> {
    const host = hostOf(address);
    const place = host === undefined ? undefined : parseDialable(host, 1);
    if (place?.kind !== 'ip4' || place.scope !== 'public') return dial(address, options);
    // The transport passes its options on to `net.connect`.
    const bound = { ...options, localAddress: '0.0.0.0', localPort: this.#port };
    try {
      const connection = await dial(address, bound);
      this.#connections.add(connection);
      return connection;
    } catch (error) {
      if (!PORT_IN_USE.has(codeOf(error))) throw error;
      return dial(address, options);
    }
  }
}

/** Dials, and then takes the part of the side that was dialled: in the handshake, and when streams are numbered. */
function asResponder(options: DialOptions): DialOptions {
  const { upgrader } = options;
  const upgradeOutbound: typeof upgrader.upgradeOutbound = (connection, more) =>
    upgrader.upgradeOutbound(Object.assign(connection, { direction: 'inbound' as const }), {
      ...more,
      initiator: false,
    });
  return { ...options, upgrader: Object.assign(Object.create(upgrader), { upgradeOutbound }) };
}
