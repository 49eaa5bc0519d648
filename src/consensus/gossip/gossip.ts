import { BitorchError, codeOf, equalBytes, Lifecycle, type Logger, messageOf } from '#base';
import { decode, encode } from '#ledger';
import type { FrameStream, Host } from '#network';
import { MAX_PARTS, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { HeightBook } from '../height-book.ts';
import { Allowance } from './allowance.ts';
import {
  BURST_SECONDS,
  BYTES_PER_SECOND,
  CERTIFICATES_PER_SECOND,
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  HELLO_TIMEOUT_MS,
  MAX_GOSSIP_FRAME,
  MAX_PEERS,
  MESSAGES_PER_SECOND,
  RECONCILE_MS,
  SILENCE_TIMEOUT_MS,
} from './constants.ts';
import { bitsOf, decodeMessage, type Have, helloCodec, type Message, type Status } from './messages.ts';
import { ChainPeer } from './peer.ts';

/** A proposal, part, vote or certificate. */
export type Deliberation = Extract<Message, { type: 'proposal' | 'part' | 'vote' | 'certificate' }>;
export type Trade = Extract<Message, { type: 'offer' | 'want' | 'transactions' }>;

/** What gossip asks of the one it is done for. */
export interface GossipSource {
  status(): Status;
  /** What was gathered of a height; undefined when it is not at hand (any more). */
  book(height: number): HeightBook | undefined;
  /** Judges what a peer sent. What it throws counts against the peer. */
  deliberate(message: Deliberation, peer: ChainPeer): void;
  trade(message: Trade, peer: ChainPeer): void;
  /** A peer can be spoken to from now on. */
  peerCame(peer: ChainPeer): void;
  /** A peer stands at another height or round. */
  peerMoved(peer: ChainPeer): void;
}

export interface GossipOptions {
  readonly chainId: Uint8Array;
  /** sha256 of the genesis file: who has another one is on another chain. */
  readonly genesis: Uint8Array;
}

export interface GossipDependencies {
  readonly host: Host;
  readonly log: Logger;
  /** Milliseconds that only go on. */
  readonly now: () => number;
  readonly source: GossipSource;
}

const RETRY_MS = [500, 1_000, 2_000, 5_000, 15_000];
/** How long a peer that broke the rules is not spoken with: doubled each time. */
const BAN_MS = 10_000;
const MAX_BAN_MS = 3_600_000;
const MAX_BANNED = 1_000;

/**
 * The exchange of proposals, parts, votes and transactions with every connected node of the chain. To each there is one
 * stream of our own for what we say, and one of theirs for what they say: order is kept, so who knows what follows.
 */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #deps: GossipDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #peers = new Map<string, ChainPeer>();
  readonly #opening = new Set<string>();
  readonly #banned = new Map<string, { until: number; times: number }>();

  constructor(options: GossipOptions, dependencies: GossipDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  async start(): Promise<void> {
    const { host } = this.#deps;
    await host.handle(GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME, (stream) => this.#listen(stream));
    host.onConnect((peer) => this.#meet(peer));
    host.onDisconnect((peer) => this.#lose(peer));
    for (const peer of host.connected) this.#meet(peer);
    const timer = setInterval(() => this.#reconcile(), RECONCILE_MS).unref();
    this.#lifecycle.onStop(() => clearInterval(timer));
    this.#lifecycle.onStop(() => {
      for (const peer of this.#peers.values()) peer.close();
    });
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  get peers(): readonly ChainPeer[] {
    return [...this.#peers.values()];
  }

  /** Tells every peer where this node stands; call it at each new height and round. */
  tellStatus(): void {
    const value = this.#deps.source.status();
    for (const peer of this.#peers.values()) {
      peer.send({ type: 'status', value });
      this.#bringUpToDate(peer);
    }
  }

  /** Passes on what is new to peers that work on its height and lack it. */
  spread(message: Deliberation): void {
    const { height } = message.value;
    for (const peer of this.#peers.values()) if (peer.status?.height === height) peer.give(message);
  }

  /** Sends to every peer, whatever it is thought to have: a second vote of one step is told to all. */
  shout(message: Deliberation): void {
    for (const peer of this.#peers.values()) peer.send(message);
  }

  offer(ids: readonly Uint8Array[]): void {
    for (const peer of this.#peers.values()) peer.offer(ids);
  }

  /** Ends the talk with a peer that broke the rules, for a while. */
  ban(id: string, reason: unknown): void {
    this.#deps.log.info({ peer: id, reason: messageOf(reason) }, 'chain peer dropped');
    const times = (this.#banned.get(id)?.times ?? 0) + 1;
    const until = this.#deps.now() + Math.min(MAX_BAN_MS, BAN_MS * 2 ** (times - 1));
    this.#banned.delete(id);
    this.#banned.set(id, { until, times });
    if (this.#banned.size > MAX_BANNED) this.#banned.delete(this.#banned.keys().next().value!);
    this.#lose(id);
  }

  isBanned(id: string): boolean {
    return (this.#banned.get(id)?.until ?? 0) > this.#deps.now();
  }

  /** Opens our stream to a connected node, and tries again for as long as it is connected. */
  #meet(id: string, attempt = 0): void {
    const { host } = this.#deps;
    if (this.#lifecycle.signal.aborted || this.#peers.has(id) || this.#opening.has(id)) return;
    if (!host.connected.includes(id)) return;
    const again = () => {
      const delay = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!;
      setTimeout(() => this.#meet(id, attempt + 1), delay).unref();
    };
    if (this.isBanned(id) || this.#peers.size >= MAX_PEERS) {
      again();
      return;
    }
    this.#opening.add(id);
    this.#open(id)
      .catch(again)
      .finally(() => this.#opening.delete(id));
  }

  async #open(id: string): Promise<void> {
    const { host, now, source } = this.#deps;
    const stream = await host.open({ id, addresses: [] }, GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME);
    await stream.send(encode(helloCodec, { version: GOSSIP_VERSION, ...this.#options }));
    const peer = new ChainPeer(id, { stream, now, onLost: () => this.#lose(id, peer) });
    stream.ended.addEventListener('abort', () => this.#lose(id, peer), { once: true });
    this.#peers.set(id, peer);
    peer.send({ type: 'status', value: source.status() });
    source.peerCame(peer);
  }

  /** Forgets a peer; a node that is still connected is met anew. */
  #lose(id: string, only?: ChainPeer): void {
    const peer = this.#peers.get(id);
    if (!peer || (only && peer !== only)) return;
    this.#peers.delete(id);
    peer.close();
    setTimeout(() => this.#meet(id), RETRY_MS[0]!).unref();
  }

  /** Reads a peer's stream until it ends or breaks the rules. */
  async #listen(stream: FrameStream): Promise<void> {
    const { now, log } = this.#deps;
    const id = stream.remote;
    if (this.isBanned(id)) return stream.abort();
    const messages = new Allowance(MESSAGES_PER_SECOND, MESSAGES_PER_SECOND * BURST_SECONDS, now());
    const certificates = new Allowance(
      CERTIFICATES_PER_SECOND,
      CERTIFICATES_PER_SECOND * BURST_SECONDS,
      now(),
    );
    const bytes = new Allowance(BYTES_PER_SECOND, BYTES_PER_SECOND * BURST_SECONDS, now());
    try {
      await this.#readHello(stream);
      this.#meet(id);
      for (;;) {
        const frame = await stream.read(this.#within(SILENCE_TIMEOUT_MS));
        if (!frame) break;
        if (!messages.spend(1, now()) || !bytes.spend(frame.length, now())) {
          throw new BitorchError('QUOTA_EXCEEDED', 'more messages than a peer may send');
        }
        const message = decodeMessage(frame);
        if (message.type === 'certificate' && !certificates.spend(1, now())) {
          throw new BitorchError('QUOTA_EXCEEDED', 'more certificates than a peer may send');
        }
        this.#receive(message, id);
      }
    } catch (error) {
      stream.abort(error as Error);
      if (HARMLESS.has(codeOf(error)) || isTimeout(error)) log.debug({ peer: id }, messageOf(error));
      else this.ban(id, error);
    }
  }

  async #readHello(stream: FrameStream): Promise<void> {
    const frame = await stream.read(this.#within(HELLO_TIMEOUT_MS));
    if (!frame) throw new BitorchError('STREAM_CLOSED', 'no hello');
    const { chainId, genesis } = decode(helloCodec, frame);
    if (!equalBytes(chainId, this.#options.chainId) || !equalBytes(genesis, this.#options.genesis)) {
      throw new BitorchError('OTHER_CHAIN', 'the peer is on another chain');
    }
  }

  #receive(message: Message, id: string): void {
    const peer = this.#peers.get(id);
    // Our stream to it is not up yet; its next status will find it so, and both sides catch up then.
    if (!peer) return;
    const { source } = this.#deps;
    switch (message.type) {
      case 'status':
        if (peer.setStatus(message.value)) {
          this.#bringUpToDate(peer);
          source.peerMoved(peer);
        }
        return;
      case 'have':
        peer.setHave(message.value);
        return;
      case 'proposal':
      case 'part':
      case 'vote':
      case 'certificate':
        peer.noteHas(message);
        source.deliberate(message, peer);
        return;
      default:
        source.trade(message, peer);
    }
  }

  #reconcile(): void {
    const { source } = this.#deps;
    const value = source.status();
    const haves = this.#haves(value);
    for (const peer of this.#peers.values()) {
      peer.send({ type: 'status', value });
      for (const have of haves) peer.send({ type: 'have', value: have });
      this.#bringUpToDate(peer);
      const book = peer.status && source.book(peer.status.height);
      if (book) peer.prove(book);
    }
  }

  #bringUpToDate(peer: ChainPeer): void {
    const book = peer.status && this.#deps.source.book(peer.status.height);
    if (book) peer.bringUpToDate(book);
  }

  /** Of our round, and of the earlier round that its proposal refers to. */
  #haves({ height, round }: Status): Have[] {
    const book = this.#deps.source.book(height);
    if (!book) return [];
    const referred = book.round(round)?.proposal?.validRound ?? -1;
    return (referred >= 0 ? [round, referred] : [round]).map((of) => haveOf(book, of));
  }

  #within(timeoutMs: number): AbortSignal {
    return AbortSignal.any([this.#lifecycle.signal, AbortSignal.timeout(timeoutMs)]);
  }
}

/** What happens between honest nodes too. */
const HARMLESS = new Set(['STREAM_CLOSED', 'OTHER_CHAIN']);
const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');

function haveOf(book: HeightBook, round: number): Have {
  const parts = book.partsOf(round);
  const places = book.validators.size;
  return {
    height: book.height,
    round,
    proposal: parts ? 1 : 0,
    parts: bitsOf(parts ? Math.min(parts.header.total, MAX_PARTS) : 0, (i) => parts!.has(i)),
    prevotes: bitsOf(places, (i) => book.votes(round, PREVOTE)?.has(i) === true),
    precommits: bitsOf(places, (i) => book.votes(round, PRECOMMIT)?.has(i) === true),
    certificates: ((book.certificate(round, PREVOTE) ? 1 : 0) +
      (book.certificate(round, PRECOMMIT) ? 2 : 0)) as Have['certificates'],
  };
}
