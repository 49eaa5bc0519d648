import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { BitorchError, messageOf, toHex } from '#base';
import { addressGroup, scopeOfRemote } from './dialable.ts';
import { TOKEN_BYTES } from './seal.ts';

/** How long a new connection may take to show its token. */
const TOKEN_TIMEOUT_MS = 5_000;
/** Connections that have shown no token yet: of one address, loopback aside, and in all. The oldest makes room. */
const MAX_STRANGERS_OF_ADDRESS = 16;
const MAX_STRANGERS = 256;
const LOOPBACK = 'loopback';

/** Takes TCP connections that show a token somebody waits for; drops all others. */
export class LinkListener {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** By token, who waits for it. */
  readonly #expected = new Map<string, (socket: Socket) => void>();
  /** Who has shown no token yet, the oldest first, and from where. */
  readonly #strangers = new Map<Socket, string>();
  #port = 0;

  private constructor() {}

  /**
   * Listens on one port of all `hosts`. Port 0: any, and a host on which it cannot be had is left out; throws
   * LINK_PORT_TAKEN for another.
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

  /** 0 where nothing listens. */
  get port(): number {
    return this.#port;
  }

  /** Calls back once for the connection that shows `token`, unless the returned function is called before. */
  expect(token: Uint8Array, onSocket: (socket: Socket) => void): () => void {
    const name = toHex(token);
    this.#expected.set(name, onSocket);
    return () => void this.#expected.delete(name);
  }

  /** Drops all connections, those that were handed over too. */
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
    this.#strangers.set(socket, from);
    this.#sockets.add(socket);
    const timeout = setTimeout(() => socket.destroy(), TOKEN_TIMEOUT_MS);
    const leave = () => {
      this.#strangers.delete(socket);
      clearTimeout(timeout);
      socket.off('readable', read).off('close', leave);
    };
    const read = () => {
      const token: Buffer | null = socket.read(TOKEN_BYTES);
      if (!token) return;
      leave();
      this.#meet(toHex(token), socket);
    };
    socket.on('readable', read).on('close', leave);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** Honest diallers show their token with their first packet, so who has waited longest is the least likely to. */
  #makeRoom(address: string): void {
    const ofAddress = [...this.#strangers].filter(([, from]) => from === address && from !== LOOPBACK);
    if (ofAddress.length >= MAX_STRANGERS_OF_ADDRESS) this.#drop(ofAddress[0]![0]);
    else if (this.#strangers.size >= MAX_STRANGERS) this.#drop([...this.#strangers.keys()][0]!);
  }

  #drop(socket: Socket): void {
    this.#strangers.delete(socket);
    socket.destroy();
  }

  #meet(token: string, socket: Socket): void {
    const onSocket = this.#expected.get(token);
    this.#expected.delete(token);
    if (onSocket) onSocket(socket);
    else socket.destroy();
  }
}
