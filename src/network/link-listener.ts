import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Admission, BitorchError, messageOf, type Place, toHex } from '#base';
import { placeGroups, scopeOfRemote } from './dialable.ts';
import { TOKEN_BYTES } from './seal.ts';

/** How long a new connection may take to send its token. */
const TOKEN_TIMEOUT_MS = 5_000;
/** Bounds on connections that have not sent a token yet: in total, and of an address. */
const MAX_PENDING = { total: 256, groups: [Infinity, 16] };

/**
 * A connection without a token so far. Honest diallers send it in their first packet, so one that has waited is least likely
 * to be honest: each is idle, and the oldest is evicted first.
 */
class PendingLink implements Place {
  readonly isIdle = true;
  readonly worth = 0;
  readonly socket: Socket;
  readonly groups: readonly string[];

  constructor(socket: Socket) {
    this.socket = socket;
    const { remoteAddress = '', remotePort = 0 } = socket;
    const own = `${remoteAddress} ${remotePort}`;
    // Local nodes share one address, which has no limit therefore.
    this.groups = scopeOfRemote(remoteAddress) === 'loopback' ? [own, own] : placeGroups(remoteAddress);
  }
}

/** Accepts TCP connections that present an expected token; drops all others. */
export class LinkListener {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Callbacks by expected token. */
  readonly #expected = new Map<string, (socket: Socket) => void>();
  readonly #pending = new Admission<PendingLink>(MAX_PENDING);
  #port = 0;

  private constructor() {}

  /**
   * Listens on the same port of all `hosts`. With port 0 the system chooses one, and hosts on which that port is taken are
   * skipped; for any other port, throws LINK_PORT_TAKEN.
   */
  static async start(options: { hosts: readonly string[]; port: number }): Promise<LinkListener> {
    const { hosts, port } = options;
    const listener = new LinkListener();
    for (const host of hosts) {
      try {
        await listener.#listen(host, listener.#port || port);
      } catch (error) {
        if (port === 0) continue;
        await listener.stop();
        const message = `links cannot listen on port ${port} of ${host}, choose another: ${messageOf(error)}`;
        throw new BitorchError('LINK_PORT_TAKEN', message, { host, port }, error);
      }
    }
    return listener;
  }

  /** The TCP port; 0 when not listening. */
  get port(): number {
    return this.#port;
  }

  /** Calls back once, for the connection that presents `token`. The returned function cancels this. */
  expect(token: Uint8Array, onSocket: (socket: Socket) => void): () => void {
    const name = toHex(token);
    this.#expected.set(name, onSocket);
    return () => void this.#expected.delete(name);
  }

  /** Closes the listener and all connections, including those already handed over. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #listen(host: string, port: number): Promise<void> {
    const options = { allowHalfOpen: true, noDelay: true };
    const server = createServer(options, (socket) => this.#admit(socket));
    server.listen({ port, host, ipv6Only: host.includes(':') });
    await once(server, 'listening');
    this.#servers.push(server);
    this.#port = (server.address() as AddressInfo).port;
  }

  #admit(socket: Socket): void {
    socket.on('error', () => undefined);
    const pending = new PendingLink(socket);
    if (!this.#pending.hasRoom(pending.groups)) this.#drop(this.#pending.evictable(pending.groups));
    this.#pending.add(pending);
    this.#sockets.add(socket);
    const timeout = setTimeout(() => socket.destroy(), TOKEN_TIMEOUT_MS);
    const leave = () => {
      this.#pending.delete(pending);
      clearTimeout(timeout);
      socket.off('readable', read).off('close', leave);
    };
    const read = () => {
      const token: Buffer | null = socket.read(TOKEN_BYTES);
      if (!token) return;
      leave();
      this.#handOver(toHex(token), socket);
    };
    socket.on('readable', read).on('close', leave);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #drop(pending: PendingLink | undefined): void {
    if (!pending) return;
    this.#pending.delete(pending);
    pending.socket.destroy();
  }

  #handOver(token: string, socket: Socket): void {
    const onSocket = this.#expected.get(token);
    this.#expected.delete(token);
    if (onSocket) onSocket(socket);
    else socket.destroy();
  }
}
