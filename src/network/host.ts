import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { BitorchError, decodeCanonical, encodeCanonical, Lifecycle, type Logger, messageOf } from '#base';
import { unwrap, wrap } from './answer.ts';
import { type Budget, Budgets, UNCHARGED } from './budget.ts';
import { ConcurrentRequests } from './concurrent-requests.ts';
import { type ConnectionPlaces, limitConnections } from './connection-places.ts';
import { hostOf, originHostOf, originIn, scopeIn } from './connections.ts';
import { addressGroup, type Scope } from './dialable.ts';
import { Dialler, unreachable } from './dialler.ts';
import type { FrameStream } from './frame-stream.ts';
import { guardGossip } from './gossip-guard.ts';
import type { HostOptions, StreamOptions } from './host-options.ts';
import { startLibp2p } from './libp2p.ts';
import type { Libp2pNode } from './libp2p-node.ts';
import { LinkListener } from './link-listener.ts';
import { Links } from './links.ts';
import { localStream } from './local-stream.ts';
import { MemoryCharge } from './memory-charge.ts';
import { framesOver } from './mux-carrier.ts';
import type { PeerAddress } from './peer-address.ts';
import { PEER_LIMITS } from './peer-limits.ts';
import type { ContentRouting } from './reach/dht.ts';
import { Reach, type ReachView } from './reach/reach.ts';
import { reachOptions } from './reach/reach-options.ts';

import { listenAddressesOf } from './whereabouts.ts';

export type { PeerAddress } from './peer-address.ts';

type StreamHandler = (stream: FrameStream) => Promise<void>;

/** What to do with a gossip message: relay it, drop it, or drop it and lower its sender's score. */
export type Verdict = 'accept' | 'ignore' | 'reject';

const QUESTION_BYTES = 64 << 10;
const ANSWER_BYTES = 1 << 20;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a peer may take to read an answer that is ready. */
const FETCH_TIMEOUT_MS = 120_000;
const STREAMS_PER_PROTOCOL = 256;
/** Memory of an open stream before anything is read. */
const STREAM_BYTES = 256 << 10;

/** The node on the peer-to-peer network: libp2p over TCP with Noise and Yamux, framed streams, gossip. */
export class Host {
  readonly #libp2p: Libp2pNode;
  readonly #dialler: Dialler;
  readonly #links: Links;
  readonly #reach: Reach | undefined;
  readonly #log: Logger;
  readonly #budgets = new Budgets(PEER_LIMITS);
  readonly #places: ConnectionPlaces;
  /** Services by protocol id, for streams of this node to itself. */
  readonly #services = new Map<string, { handler: StreamHandler; maxFrameBytes: number }>();
  readonly #concurrent = new ConcurrentRequests();
  readonly #onAddresses: (() => void)[] = [];
  readonly #lifecycle = new Lifecycle();

  private constructor(
    libp2p: Libp2pNode,
    { listener, reach, log }: { listener: LinkListener; reach: Reach | undefined; log: Logger },
  ) {
    this.#libp2p = libp2p;
    this.#dialler = new Dialler(libp2p);
    this.#reach = reach;
    this.#links = new Links({ id: this.id }, { listener, budgetOf: (peer) => this.budgetOf(peer) });
    this.#log = log;
    this.#places = limitConnections(libp2p, log);
    guardGossip(libp2p.services.pubsub, (peer) => this.#budgetOf(peer));
    this.#lifecycle.onStop(() => libp2p.stop());
    this.#lifecycle.onStop(() => this.#links.stop());
    this.#lifecycle.onStop(() => reach?.stop());
  }

  static async start(options: HostOptions, { log }: { log: Logger }): Promise<Host> {
    const listen = options.listen ?? ['/ip4/127.0.0.1/tcp/0'];
    const wanted = reachOptions(listen, options.reach);
    const reach = wanted && (await Reach.prepare(wanted, { log }));
    const libp2p = await startLibp2p(options.key, listen, { reach, tls: options.tls });
    const hosts = new Set(listen.flatMap((address) => hostOf(multiaddr(address)) ?? []));
    try {
      const listener = await LinkListener.start({ hosts: [...hosts], port: options.linkPort ?? 0 });
      const host = new Host(libp2p, { listener, reach, log });
      await reach?.start({
        libp2p,
        host,
        linkPort: listener.port,
        onChange: () => {
          for (const callback of host.#onAddresses) callback();
        },
      });
      return host;
    } catch (error) {
      await libp2p.stop();
      throw error;
    }
  }

  /** This node's peer id, derived from its key. */
  get id(): string {
    return this.#libp2p.peerId.toString();
  }

  get addresses(): string[] {
    return this.#libp2p.getMultiaddrs().map(String);
  }

  /** How this node can be reached from outside; undefined on loopback. */
  get reach(): ReachView | undefined {
    return this.#reach?.view;
  }

  /** Where this node tells and asks who provides what; undefined where it takes no part in the hash table. */
  get contentRouting(): ContentRouting | undefined {
    return this.#reach?.contentRouting;
  }

  /** Calls back when `addresses` have changed. */
  onAddresses(callback: () => void): void {
    this.#onAddresses.push(callback);
  }

  /** Peer ids with an open connection. */
  get connected(): string[] {
    return this.#libp2p.getPeers().map(String);
  }

  isConnected(peer: string): boolean {
    return this.#libp2p.getConnections(peerIdFromString(peer)).length > 0;
  }

  /** Whether this node chose a peer and opened a connection to it, and not only the peer to this node. */
  hasDialled(peer: string): boolean {
    return this.#libp2p
      .getConnections(peerIdFromString(peer))
      .some((one) => one.direction === 'outbound' && !this.#reach?.wasRequested(one));
  }

  /** Whether a peer is connected by more than a relay. */
  isDirect(peer: string): boolean {
    return (
      peer === this.id || this.#libp2p.getConnections(peerIdFromString(peer)).some(({ limits }) => !limits)
    );
  }

  /** How near a peer is: the narrowest scope of its connections; public where there is none. */
  scopeOf(peer: string): Scope {
    return peer === this.id ? 'loopback' : scopeIn(this.#libp2p, peerIdFromString(peer));
  }

  /** The budget of a peer on this node. */
  budgetOf(peer: string): Budget {
    return this.#budgetOf(peerIdFromString(peer));
  }

  /** The budget of whoever is at an IP address and has shown no identity. */
  budgetAt(address: string): Budget {
    return this.#budgets.of(`address ${addressGroup(address)}`, address);
  }

  /** The address group that a connected peer comes from, RELAYED behind a relay, its own id where it is not connected. */
  originOf(peer: string): string {
    return peer === this.id ? peer : originIn(this.#libp2p, peerIdFromString(peer));
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Where a connected peer listens, by identify if unknown; may be empty. Throws PEER_UNREACHABLE. */
  async whereaboutsOf(peer: string): Promise<PeerAddress> {
    const learntFrom = this.scopeOf(peer);
    const signal = this.#limit(undefined, REQUEST_TIMEOUT_MS);
    return {
      id: peer,
      addresses: await listenAddressesOf(this.#libp2p, peerIdFromString(peer), signal),
      learntFrom,
    };
  }

  /** Connects to a multiaddr that ends in /p2p/<peer id>, or to a known peer. Throws PEER_UNREACHABLE. */
  async connect(peer: PeerAddress | string, signal?: AbortSignal): Promise<string> {
    const name = typeof peer === 'string' ? peer : peer.id;
    try {
      const limit = this.#limit(signal, REQUEST_TIMEOUT_MS);
      const connection = await (typeof peer === 'string'
        ? this.#dialler.dialAddress(peer, limit)
        : this.#dialler.dial(peer, limit));
      return connection.remotePeer.toString();
    } catch (error) {
      throw unreachable(name, error);
    }
  }

  /** Closes every connection to a peer; it may reconnect. */
  async disconnect(peer: string): Promise<void> {
    await this.#libp2p.hangUp(peerIdFromString(peer));
  }

  /** Opens an ordered stream of frames. Throws PEER_UNREACHABLE, also when the peer does not support `protocol`. */
  async open(
    peer: PeerAddress,
    protocol: string,
    maxFrameBytes: number,
    options: StreamOptions = {},
  ): Promise<FrameStream> {
    try {
      if (peer.id === this.id) return this.#openLocal(protocol, maxFrameBytes);
      const signal = this.#limit(options.signal, REQUEST_TIMEOUT_MS);
      const first = await this.#dialler.dial(peer, signal);
      this.#places.used(peer.id);
      const connection =
        options.link && this.#reach?.punches ? await this.#dialler.upgraded(first, signal) : first;
      const stream = await connection.newStream(protocol, {
        signal,
        runOnLimitedConnection: true,
        maxOutboundStreams: STREAMS_PER_PROTOCOL,
      });
      const frames = framesOver(stream, peer.id, maxFrameBytes, new MemoryCharge(this.budgetOf(peer.id)));
      if (!options.link) return frames;
      return await this.#links
        .take(frames, hostOf(connection.remoteAddr), maxFrameBytes, signal)
        .catch((error: Error) => {
          frames.abort(error);
          throw error;
        });
    } catch (error) {
      throw unreachable(peer.id, error);
    }
  }

  /** Serves a protocol of streams; an error thrown by the handler ends only its stream. */
  async handle(
    protocol: string,
    maxFrameBytes: number,
    handler: StreamHandler,
    options: Pick<StreamOptions, 'link'> = {},
  ): Promise<void> {
    this.#services.set(protocol, { handler, maxFrameBytes });
    await this.#libp2p.handle(
      protocol,
      (stream, connection) => {
        const peer = connection.remotePeer.toString();
        this.#places.used(peer);
        const budget = this.#budgets.of(peer, originHostOf(connection.remoteAddr));
        const frames = framesOver(stream, peer, maxFrameBytes, new MemoryCharge(budget));
        this.#serve(protocol, frames, async () => {
          stream.addEventListener('close', budget.hold(STREAM_BYTES));
          const canLink = this.#reach?.canBeDialledBy(connection) ?? true;
          await handler(options.link ? await this.#links.offer(frames, maxFrameBytes, canLink) : frames);
        });
      },
      {
        maxInboundStreams: STREAMS_PER_PROTOCOL,
        maxOutboundStreams: STREAMS_PER_PROTOCOL,
        runOnLimitedConnection: true,
      },
    );
    this.#lifecycle.onStop(() => this.#libp2p.unhandle(protocol));
  }

  /**
   * Sends one canonical CBOR request and returns the answer, of at most `maxBytes`. Throws PEER_UNREACHABLE, STREAM_CLOSED,
   * CODEC_INVALID or ANSWER_INVALID; REMOTE_ERROR when the peer answers with an error.
   */
  async request(
    peer: PeerAddress,
    protocol: string,
    message: unknown,
    limits: { maxBytes?: number; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const maxBytes = limits.maxBytes ?? ANSWER_BYTES;
    const signal = this.#limit(limits.signal, limits.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const stream = await this.open(peer, protocol, maxBytes, { signal });
    try {
      await stream.send(encodeCanonical(message));
      const frame = await stream.read(signal);
      if (!frame)
        throw new BitorchError('STREAM_CLOSED', `${peer.id} closed the connection without an answer`);
      return unwrap(decodeCanonical(frame, maxBytes), peer.id);
    } finally {
      stream.abort();
    }
  }

  /**
   * Answers requests of at most `maxBytes`. A thrown BitorchError reaches the peer as REMOTE_ERROR with its code. The
   * request, its CPU time, and the answer until it has been read are charged to the peer's budget.
   */
  async answer(
    protocol: string,
    answerer: (message: unknown, from: string) => Promise<unknown>,
    limits: { maxBytes?: number } = {},
  ): Promise<void> {
    const maxBytes = limits.maxBytes ?? QUESTION_BYTES;
    await this.handle(protocol, maxBytes, (stream) =>
      this.#concurrent.take(stream.remote, async () => {
        const budget = this.budgetOf(stream.remote);
        const frame = await stream.read(this.#limit(undefined, REQUEST_TIMEOUT_MS));
        if (!frame) return;
        const answer = await wrap(() => {
          budget.take(frame.length);
          return budget.run(() => answerer(decodeCanonical(frame, maxBytes), stream.remote));
        });
        const bytes = encodeCanonical(answer);
        const release = budget.hold(bytes.length);
        const timer = setTimeout(() => stream.abort(), FETCH_TIMEOUT_MS).unref();
        try {
          await stream.send(bytes);
          await stream.close();
        } finally {
          clearTimeout(timer);
          release();
        }
      }),
    );
  }

  /** Joins a topic; `validate` sees each message before it is relayed. What exceeds the relaying peer's budget is dropped. */
  subscribe(topic: string, validate: (data: Uint8Array, from: string) => Verdict): void {
    const { pubsub } = this.#libp2p.services;
    const judge = (data: Uint8Array, from: PeerId): Verdict => {
      try {
        const budget = this.#budgetOf(from);
        budget.take(data.length);
        const verdict = budget.run(() => validate(data, from.toString()));
        if (verdict === 'accept') this.#places.used(from.toString());
        return verdict;
      } catch (error) {
        this.#log.info({ topic, peer: from.toString(), error: messageOf(error) }, 'gossip dropped');
        return 'ignore';
      }
    };
    pubsub.topicValidators.set(topic, (peer, message) => judge(message.data, peer) as never);
    pubsub.subscribe(topic);
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (!this.#lifecycle.signal.aborted) await this.#libp2p.services.pubsub.publish(topic, data);
  }

  /** Calls back for each peer whose last connection has closed. */
  onDisconnect(callback: (peer: string) => void): void {
    this.#libp2p.addEventListener('peer:disconnect', ({ detail }) => callback(detail.toString()));
  }

  onConnect(callback: (peer: string) => void): void {
    this.#libp2p.addEventListener('peer:connect', ({ detail }) => callback(detail.toString()));
  }

  /** Calls back for each connection that this node opens, including further ones to a connected peer. */
  onDial(callback: (peer: string) => void): void {
    this.#libp2p.addEventListener('connection:open', ({ detail: { direction, remotePeer } }) => {
      if (direction === 'outbound') callback(remotePeer.toString());
    });
  }

  /** Calls back with the protocols that a peer supports, once per connection. */
  onIdentify(callback: (peer: string, protocols: readonly string[]) => void): void {
    this.#libp2p.addEventListener('peer:identify', ({ detail: { peerId, protocols } }) =>
      callback(peerId.toString(), protocols),
    );
  }

  /** The protocols that this node serves. */
  get protocols(): readonly string[] {
    return this.#libp2p.getProtocols();
  }

  #budgetOf(peer: PeerId): Budget {
    if (peer.equals(this.#libp2p.peerId)) return UNCHARGED;
    const [connection] = this.#libp2p.getConnections(peer);
    return this.#budgets.of(peer.toString(), connection && originHostOf(connection.remoteAddr));
  }

  #serve(protocol: string, frames: FrameStream, run: () => Promise<void>): void {
    run().catch((error: unknown) => {
      const peer = frames.remote;
      this.#log.info({ protocol, peer, error: messageOf(error) }, 'stream ended by an error');
      frames.abort(error as Error);
    });
  }

  #openLocal(protocol: string, maxFrameBytes: number): FrameStream {
    const service = this.#services.get(protocol);
    if (!service) throw new Error(`this node does not serve ${protocol}`);
    const [ours, theirs] = localStream(this.id, maxFrameBytes, this.id, service.maxFrameBytes);
    this.#serve(protocol, theirs, () => service.handler(theirs));
    return ours;
  }

  #limit(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal {
    const signals = [this.#lifecycle.signal, AbortSignal.timeout(timeoutMs)];
    return AbortSignal.any(signal ? [...signals, signal] : signals);
  }
}
