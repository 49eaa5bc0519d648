import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { BitorchError, messageOf, toHex } from '#base';
import { addressGroup, scopeOfRemote } from './dialable.ts';
import { TOKEN_BYTES } from './seal.ts';

/** How long a new connection may take to send its token. */
const TOKEN_TIMEOUT_MS = 5_000;
/**
 * Bounds on connections that have not sent a token yet: per address (loopback excepted) and in total. The oldest is dropped
 * for a new one.
 */
const MAX_PENDING_OF_ADDRESS = 16;
const MAX_PENDING = 256;
const LOOPBACK = 'loopback';

/** Accepts TCP connections that present an expected token; drops all others. */
export class LinkListener {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Callbacks by expected token. */
  readonly #expected = new Map<string, (socket: Socket) => void>();
  /** Connections without a token so far, oldest first, with their address group. */
  readonly #pending = new Map<Socket, string>();
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
    const { remoteAddress = '' } = socket;
    const from = scopeOfRemote(remoteAddress) === LOOPBACK ? LOOPBACK : addressGroup(remoteAddress);
    this.#makeRoom(from);
    this.#pending.set(socket, from);
    this.#sockets.add(socket);
    const timeout = setTimeout(() => socket.destroy(), TOKEN_TIMEOUT_MS);
    const leave = () => {
      this.#pending.delete(socket);
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

  /**
   * Makes room for one connection. Honest diallers send the token in their first packet, so the one that has waited longest
   * is the least likely to be honest.
   */
  #makeRoom(address: string): void {
    const ofAddress = [...this.#pending].filter(([, from]) => from === address && from !== LOOPBACK);
    if (ofAddress.length >= MAX_PENDING_OF_ADDRESS) this.#drop(ofAddress[0]![0]);
    else if (this.#pending.size >= MAX_PENDING) this.#drop([...this.#pending.keys()][0]!);
  }

  #drop(socket: Socket): void {
    this.#pending.delete(socket);
    socket.destroy();
  }

  #handOver(token: string, socket: Socket): void {
    const onSocket = this.#expected.get(token);
    this.#expected.delete(token);
    if (onSocket) onSocket(socket);
    else socket.destroy();
  }
}
