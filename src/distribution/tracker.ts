import { BitorchError, bracketed, toHex } from '#base';

const MAX_TORRENTS = 10_000;

export interface TrackerOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string;
  /** TCP port; 0 or absent: chosen by the system. */
  port?: number;
  /** The torrents to serve; when absent, every torrent up to a bound. */
  infohashes?: readonly Uint8Array[];
  /** Announce interval for clients, in seconds. */
  intervalSeconds?: number;
}

/** An HTTP tracker (BEP 3) for swarms of a few thousand peers, run on the first node of a network. */
export class Tracker {
  readonly #options: TrackerOptions;
  #server: TrackerServer | undefined;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** The announce URL; empty before start(). */
  get announceUrl(): string {
    const address = this.#server?.http.address();
    if (!address || typeof address === 'string') return '';
    const host = this.#options.host ?? '127.0.0.1';
    return `http://${bracketed(host)}:${address.port}/announce`;
  }

  /** Starts to listen. Throws LISTEN_FAILED when the port is taken. */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 0, infohashes, intervalSeconds = 60 } = this.#options;
    const { default: Server } = await import('bittorrent-tracker/server');
    const allowed = infohashes && new Set(infohashes.map(toHex));
    const server = new Server({
      udp: false,
      ws: false,
      stats: false,
      interval: intervalSeconds * 1000,
      filter: (infohash, _params, done) => {
        const isFull = Object.keys(server.torrents).length >= MAX_TORRENTS;
        done(
          allowed
            ? allowed.has(infohash)
              ? null
              : new Error('unknown torrent')
            : isFull
              ? new Error('full')
              : null,
        );
      },
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(
          new BitorchError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${cause.message}`, {}, cause),
        );
      });
      server.listen(port, host, resolve);
    });
    // Errors caused by one client are reported to that client; the tracker keeps running.
    server.on('error', () => undefined);
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.http.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

type TrackerServer = import('bittorrent-tracker/server').Server;
