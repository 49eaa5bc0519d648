import { createServer, type Server, type Socket } from 'node:net';
import { Admission, BitorchError, Lifecycle, type Logger, messageOf, toHex } from '#base';
import type { Budget, FrameStream, Host, PeerAddress } from '#network';
import { placeGroups } from '#network/addresses';
import { MemoryCharge } from '#network/memory';
import type { TrackerScopes } from '../announcer.ts';
import { Bans } from './bans.ts';
import { Choker } from './choker.ts';
import {
  DEFAULT_MAX_PEERS,
  DEFAULT_MAX_PEERS_PER_ADDRESS,
  DEFAULT_UPLOAD_SLOTS,
  RELAYED_BYTES_PER_SECOND,
  TICK_MS,
} from './constants.ts';
import { Peer, type PeerOwner } from './peer.ts';
import { PieceMemory } from './piece-memory.ts';
import { PieceThread } from './piece-thread.ts';
import { RateLimit } from './rate-limit.ts';
import { type RemoteEnd, socketEnd, tunnelEnd } from './remote-end.ts';
import { adopt, dial, type WireSocket } from './sockets.ts';
import { StreamSocket, TUNNEL_FRAME_BYTES } from './stream-socket.ts';
import { Torrent, type TorrentOptions, type TorrentPorts } from './torrent.ts';

export interface SwarmOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string;
  /** TCP port; 0 or absent: chosen by the system. */
  port?: number;
  /** 20 bytes, see peerIdOf(). */
  peerId: Uint8Array;
  /** Limit on connections of all torrents together. */
  maxPeers?: number;
  /** Limit on connections with one IPv4 address or IPv6 /64. */
  maxPeersPerAddress?: number;
  /** For trackers that somebody else named: the scope of who did. */
  trackerScopes?: TrackerScopes;
  /** Peers unchoked at a time, over all torrents. */
  uploadSlots?: number;
}

export interface SwarmDependencies {
  readonly log: Logger;
  /** The budget of whoever is at an IP address; without one nothing is charged. */
  readonly budgetOf?: (host: string) => Budget;
  /** Carries tunnels; without one there are none. */
  readonly host?: TunnelHost;
}

type TunnelHost = Pick<Host, 'open' | 'handle' | 'originOf' | 'isDirect' | 'budgetOf'>;

/** The wire protocol over a stream of the host. */
const WIRE_PROTOCOL = '/bitorch/distribution/wire/1';

export interface AddTorrent extends TorrentOptions {
  /** 'none' by default: see Torrent.want(). */
  want?: 'all' | 'none';
}

/** A BitTorrent client: one listener, one choker and one timer for all torrents of the node. */
export class Swarm {
  readonly #options: SwarmOptions;
  readonly #log: Logger;
  readonly #budgetOf: SwarmDependencies['budgetOf'];
  readonly #host: TunnelHost | undefined;
  readonly #life = new Lifecycle();
  readonly #torrents = new Map<string, Torrent>();
  /** Infohashes of the torrents, including those still being verified. */
  readonly #known = new Set<string>();
  readonly #open = new Set<Peer>();
  readonly #places: Admission<Peer>;
  readonly #bans = new Bans();
  readonly #choker: Choker<Peer>;
  readonly #thread = new PieceThread();
  readonly #memory = new PieceMemory();
  readonly #limits = { up: new RateLimit(), down: new RateLimit(), relayed: new RateLimit() };
  #isPaused = false;
  #server: Server | undefined;
  #port = 0;
  #lastTickAt = Date.now();
  #filling: NodeJS.Immediate | undefined;

  constructor(options: SwarmOptions, deps: SwarmDependencies) {
    if (options.peerId.length !== 20) throw new RangeError('Swarm: a peer id has 20 bytes');
    this.#options = options;
    this.#log = deps.log;
    this.#budgetOf = deps.budgetOf;
    this.#host = deps.host;
    this.#limits.relayed.set(RELAYED_BYTES_PER_SECOND);
    const ofAddress = options.maxPeersPerAddress ?? DEFAULT_MAX_PEERS_PER_ADDRESS;
    this.#places = new Admission({
      total: options.maxPeers ?? DEFAULT_MAX_PEERS,
      groups: [Infinity, ofAddress],
    });
    this.#choker = new Choker(options.uploadSlots ?? DEFAULT_UPLOAD_SLOTS);
  }

  /** The port it listens on; 0 before start(). */
  get port(): number {
    return this.#port;
  }

  get peerId(): Uint8Array {
    return this.#options.peerId;
  }

  /** Starts to listen. Throws LISTEN_FAILED when the port is taken. */
  async start(): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
    const { host = '127.0.0.1', port = 0 } = this.#options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(
          new BitorchError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${cause.message}`, {}, cause),
        );
      });
      server.listen(port, host, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#life.onStop(() => this.#thread.stop());
    this.#life.onStop(() => new Promise((resolve) => server.close(resolve)));
    this.#life.onStop(() => {
      for (const peer of this.#open) peer.close('swarm stopped');
    });
    this.#life.onStop(() => Promise.all([...this.#torrents.values()].map((torrent) => torrent.stop())));
    this.#life.onStop(() => clearInterval(timer));
    this.#life.onStop(() => {
      for (const limit of Object.values(this.#limits)) limit.stop();
    });
    this.#life.onStop(() => clearImmediate(this.#filling));
    await this.#host?.handle(WIRE_PROTOCOL, TUNNEL_FRAME_BYTES, (stream) => this.#acceptTunnel(stream), {
      link: true,
    });
  }

  stop(): Promise<void> {
    return this.#life.stop();
  }

  /** Limits the payload of all torrents together, in bytes per second; Infinity: no limit. */
  limit({ up, down }: { up: number; down: number }): void {
    this.#limits.up.set(up);
    this.#limits.down.set(down);
  }

  /** While paused, nothing is uploaded: every peer is choked. Downloads continue. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#fillSlots();
  }

  /**
   * Verifies the files on disk, then joins the swarm. Throws SWARM_NOT_STARTED, TORRENT_EXISTS for a known torrent,
   * TORRENT_STOPPED when the swarm is stopped meanwhile.
   */
  async add(options: AddTorrent): Promise<Torrent> {
    if (!this.#server)
      throw new BitorchError('SWARM_NOT_STARTED', 'start() the swarm before adding torrents');
    const key = toHex(options.metainfo.infohash);
    if (this.#known.has(key))
      throw new BitorchError('TORRENT_EXISTS', `torrent ${key} is already in the swarm`);
    this.#known.add(key);
    const torrent = await Torrent.open(options, this.#ports()).catch((error) => {
      this.#known.delete(key);
      throw error;
    });
    if (this.#life.signal.aborted) {
      await torrent.stop();
      throw new BitorchError(
        'TORRENT_STOPPED',
        `the swarm was stopped while ${torrent.metainfo.name} was verified`,
      );
    }
    this.#torrents.set(key, torrent);
    if (options.want === 'all') torrent.want('all');
    return torrent;
  }

  /** Leaves the swarm of this torrent; its files stay. */
  async remove(torrent: Torrent): Promise<void> {
    this.#torrents.delete(toHex(torrent.infohash));
    await torrent.stop();
    this.#known.delete(toHex(torrent.infohash));
  }

  torrents(): Torrent[] {
    return [...this.#torrents.values()];
  }

  #ports(): TorrentPorts {
    return {
      peerId: this.#options.peerId,
      log: this.#log,
      thread: this.#thread,
      memory: this.#memory,
      limits: this.#limits,
      trackerScopes: this.#options.trackerScopes,
      port: () => this.#port,
      bans: this.#bans,
      hasRoom: (host, isNeeded) => this.#hasRoom(placeGroups(host), isNeeded),
      dial: (place, owner) => {
        const { host } = place;
        this.#makeRoom(placeGroups(host));
        const socket = dial(place, (chunk) => peer.receive(chunk));
        const peer = this.#track(
          socket,
          socketEnd({ ...place, outgoing: true }),
          owner,
          this.#memoryOf(host),
        );
        return peer;
      },
      tunnel: (node, owner, signal) => this.#openTunnel(node, owner, signal),
      isDirect: (node) => this.#host?.isDirect(node) ?? false,
      slotsChanged: () => this.#fillSlots(),
    };
  }

  #hasRoom(groups: readonly string[], isNeeded: boolean): boolean {
    return this.#places.hasRoom(groups) || (isNeeded && this.#places.evictable(groups) !== undefined);
  }

  /** Ensures room for a connection, closing the least useful one if needed; returns whether there is room. */
  #makeRoom(groups: readonly string[]): boolean {
    const evicted = this.#places.hasRoom(groups) ? undefined : this.#places.evictable(groups);
    if (evicted) this.#places.delete(evicted);
    evicted?.close('replaced by another connection');
    return this.#places.hasRoom(groups);
  }

  /** Runs once per tick, so that several changes in one packet are answered once. */
  #fillSlots(): void {
    this.#filling ??= setImmediate(() => {
      this.#filling = undefined;
      this.#assignSlots((peers) => this.#choker.fill(peers));
    });
  }

  #accept(accepted: Socket): void {
    const { remoteAddress: host = '', remotePort: port = 0 } = accepted;
    if (!this.#makeRoom(placeGroups(host))) {
      accepted.destroy();
      return;
    }
    const socket = adopt(accepted, (chunk) => peer.receive(chunk));
    const end = socketEnd({ host, port, outgoing: false });
    const peer = this.#track(socket, end, this.#acceptor, this.#memoryOf(host));
  }

  /** Opens a tunnel to a node. Throws PEER_UNREACHABLE, and BUDGET_EXCEEDED when there is no place for it. */
  async #openTunnel(node: PeerAddress, owner: PeerOwner, signal: AbortSignal): Promise<Peer> {
    if (!this.#host) throw new Error('a swarm without a host opens no tunnels');
    const stream = await this.#host.open(node, WIRE_PROTOCOL, TUNNEL_FRAME_BYTES, { signal, link: true });
    const peer = this.#tunnelOver(stream, owner, true);
    if (!peer) throw new BitorchError('BUDGET_EXCEEDED', `no place for a tunnel to ${node.id}`);
    return peer;
  }

  /** Serves a tunnel until it ends: the host closes the stream afterwards. */
  async #acceptTunnel(stream: FrameStream): Promise<void> {
    const { ended } = stream;
    if (!this.#tunnelOver(stream, this.#acceptor, false) || ended.aborted) return;
    await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** The connection over a stream; undefined, and the stream is closed, when there is no place for it. */
  #tunnelOver(stream: FrameStream, owner: PeerOwner, outgoing: boolean): Peer | undefined {
    const host = this.#host!;
    const node = stream.remote;
    const isRelayed = !host.isDirect(node);
    const end = tunnelEnd({ node, network: host.originOf(node), isRelayed, outgoing });
    if (this.#life.signal.aborted || !this.#makeRoom(end.groups)) {
      stream.abort();
      return undefined;
    }
    const socket = new StreamSocket(stream, (chunk) => peer.receive(chunk));
    const peer = this.#track(socket, end, owner, new MemoryCharge(host.budgetOf(node)));
    return peer;
  }

  #memoryOf(host: string): MemoryCharge {
    return new MemoryCharge(this.#budgetOf?.(host));
  }

  #track(socket: WireSocket, end: RemoteEnd, owner: PeerOwner, memory: MemoryCharge): Peer {
    const peer = new Peer(socket, end, { owner, memory });
    this.#places.add(peer);
    this.#open.add(peer);
    socket.once('close', () => {
      this.#open.delete(peer);
      this.#places.delete(peer);
    });
    // Later, since it may close the connection, which its owner does not know yet.
    queueMicrotask(() => peer.charge());
    return peer;
  }

  /** Owner of accepted connections until their handshake names a torrent. */
  readonly #acceptor: PeerOwner = {
    onConnect: () => undefined,
    onHandshake: (peer, handshake) => {
      const torrent = this.#torrents.get(toHex(handshake.infohash));
      if (torrent) torrent.accept(peer, handshake);
      else peer.close('asks for an unknown torrent');
    },
    onMessage: () => undefined,
    onRoom: () => undefined,
    onClose: () => undefined,
  };

  #connected(): Peer[] {
    return this.torrents().flatMap((torrent) => [...torrent.connected]);
  }

  /** An error in one torrent is logged; it stops neither the other torrents nor the process. */
  #tick(): void {
    const now = Date.now();
    for (const torrent of this.#torrents.values()) {
      try {
        torrent.tick(now, now - this.#lastTickAt);
      } catch (error) {
        this.#log.error({ torrent: torrent.metainfo.name, error: messageOf(error) }, 'swarm: a tick failed');
      }
    }
    this.#lastTickAt = now;
    this.#assignSlots((peers) => this.#choker.rechoke(peers, now));
  }

  #assignSlots(assign: (peers: readonly Peer[]) => void): void {
    const peers = this.#connected();
    if (!this.#isPaused) assign(peers);
    else for (const peer of peers) peer.setChoking(true);
  }
}
