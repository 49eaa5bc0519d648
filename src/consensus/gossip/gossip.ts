import { BitorchError, backoffMs, codeOf, equalBytes, Lifecycle, type Logger, messageOf } from '#base';
import { bitsOf, decode, encode } from '#ledger';
import { Budgets, type FrameStream, type Host } from '#network';
import { MAX_PARTS, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { HeightRecord } from '../height-record.ts';
import { Bans } from './bans.ts';
import {
  GOSSIP_LIMITS,
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  HELLO_TIMEOUT_MS,
  IDLE_MS,
  isNear,
  MAX_GOSSIP_FRAME,
  MAX_PEERS,
  PAST_VOTES,
  RECONCILE_MS,
  SILENCE_TIMEOUT_MS,
} from './constants.ts';
import { costOf } from './cost.ts';
import {
  type ConsensusMessage,
  decodeMessage,
  type Have,
  helloCodec,
  type Message,
  type Status,
  type TransactionMessage,
} from './messages.ts';
import { ChainPeer } from './peer.ts';
import { TokenBuckets } from './token-buckets.ts';

/** What gossip needs of the chain. */
export interface GossipSource {
  status(): Status;
  /** What was collected at a height; undefined when not available (any more). */
  record(height: number): HeightRecord | undefined;
  /** Processes a peer's message. Errors count against the peer. */
  receiveConsensus(message: ConsensusMessage, peer: ChainPeer): void;
  receiveTransactions(message: TransactionMessage, peer: ChainPeer): void;
  /** A peer can receive messages from now on. */
  peerJoined(peer: ChainPeer): void;
  /** A peer has moved to another height or round. */
  peerMoved(peer: ChainPeer): void;
}

export interface GossipOptions {
  readonly chainId: Uint8Array;
  /** SHA-256 of the genesis file: peers with another one are on another chain. */
  readonly genesis: Uint8Array;
  /** Ids of peers with reserved slots. */
  readonly contacts?: readonly string[];
}

export interface GossipDependencies {
  readonly host: Host;
  readonly log: Logger;
  /** Monotonic clock, in ms. */
  readonly now: () => number;
  readonly source: GossipSource;
}

/** While nothing happens, the status is sent only at every 16th tick: every 4 s. */
const TICKS_WHEN_QUIET = 16;
const RETRY = { firstMs: 500, lastMs: 15_000 };
/** A peer that was connected for less counts as a failed connection. */
const SHORT_MS = 10_000;

/**
 * Exchanges proposals, parts, votes and transactions with every connected node of the chain. Each pair has two
 * streams, one per direction, so messages stay in order and each side knows what the other has received.
 */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #deps: GossipDependencies;
  readonly #contacts: ReadonlySet<string>;
  readonly #budgets: Budgets;
  readonly #lifecycle = new Lifecycle();
  readonly #peers = new Map<string, ChainPeer>();
  readonly #opening = new Set<string>();
  /** The stream that each peer sends on. */
  readonly #incoming = new Map<string, FrameStream>();
  /** Consecutive failures to open a stream to a connected node, and the retry timer. */
  readonly #failed = new Map<string, { failures: number; timer: NodeJS.Timeout | undefined }>();
  readonly #banned = new Bans();
  readonly #pastVotes = new TokenBuckets(PAST_VOTES);
  /** Number of messages that were new. */
  #relayed = 0;
  /** Height and round last announced, and since when nothing new has happened. */
  #announced = '';
  #quietTicks = 0;

  constructor(options: GossipOptions, dependencies: GossipDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#contacts = new Set(options.contacts);
    // Only the costs given by `costOf` are charged.
    this.#budgets = new Budgets(GOSSIP_LIMITS, { now: dependencies.now, cpuMs: () => 0 });
  }

  async start(): Promise<void> {
    const { host } = this.#deps;
    await host.handle(GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME, (stream) => this.#listen(stream));
    host.onConnect((peer) => this.#connect(peer));
    host.onDisconnect((peer) => this.#forget(peer));
    for (const peer of host.connected) this.#connect(peer);
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

  /** Announces this node's status to every peer; call it at each new height and round. */
  tellStatus(): void {
    const value = this.#deps.source.status();
    for (const peer of this.#peers.values()) {
      peer.send({ type: 'status', value });
      this.#bringUpToDate(peer);
    }
  }

  /** Relays something new to the peers that work on its height and lack it. */
  relay(message: ConsensusMessage): void {
    this.#relayed++;
    const { height } = message.value;
    for (const peer of this.#peers.values()) if (peer.status?.height === height) peer.give(message);
  }

  /** Sends to every peer, whatever it is believed to have: a second vote in a step must reach everybody. */
  broadcast(message: ConsensusMessage): void {
    for (const peer of this.#peers.values()) peer.send(message);
  }

  offer(ids: readonly Uint8Array[]): void {
    for (const peer of this.#peers.values()) peer.offer(ids);
  }

  /** Disconnects a peer that broke the rules, and refuses it for a while. */
  ban(id: string, reason: unknown): void {
    const forMs = this.#banned.add(id, this.#deps.now());
    this.#deps.log.info({ peer: id, reason: messageOf(reason), forMs }, 'chain peer banned');
    this.#incoming.get(id)?.abort();
    this.#lose(id);
  }

  isBanned(id: string): boolean {
    return this.#banned.has(id, this.#deps.now());
  }

  /** Opens our stream to a connected node; retries while it is connected. */
  #connect(id: string): void {
    const { host } = this.#deps;
    if (this.#lifecycle.signal.aborted || this.#peers.has(id) || this.#opening.has(id)) return;
    if (!host.connected.includes(id)) return;
    if (this.isBanned(id) || !this.#hasRoomFor(id)) {
      this.#connectLater(id);
      return;
    }
    this.#opening.add(id);
    this.#open(id)
      .catch(() => this.#connectLater(id))
      .finally(() => this.#opening.delete(id));
  }

  /** Retries after a pause, longer each time. */
  #connectLater(id: string, lastMs = RETRY.lastMs): void {
    const { timer: waiting, failures } = this.#failed.get(id) ?? { failures: 0 };
    if (waiting) return;
    const again = () => {
      this.#failed.set(id, { failures: failures + 1, timer: undefined });
      this.#connect(id);
    };
    const timer = setTimeout(again, backoffMs({ ...RETRY, lastMs }, failures + 1)).unref();
    this.#failed.set(id, { failures, timer });
  }

  /** Contacts have reserved slots. A stranger that has long been useless makes room for another. */
  #hasRoomFor(id: string): boolean {
    if (this.#contacts.has(id)) return true;
    const strangers = [...this.#peers.values()].filter(({ isContact }) => !isContact);
    if (strangers.length + this.#opening.size < MAX_PEERS) return true;
    const [least] = strangers.sort((a, b) => a.usefulAt - b.usefulAt);
    if (!least || this.#deps.now() - least.usefulAt < IDLE_MS) return false;
    this.#incoming.get(least.id)?.abort();
    this.#lose(least.id);
    return true;
  }

  async #open(id: string): Promise<void> {
    const { host, now, source } = this.#deps;
    const stream = await host.open({ id, addresses: [] }, GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME);
    const { chainId, genesis } = this.#options;
    await stream.send(encode(helloCodec, { version: GOSSIP_VERSION, chainId, genesis }));
    const onLost = () => this.#lose(id, peer);
    const peer: ChainPeer = new ChainPeer(id, { stream, now, onLost, isContact: this.#contacts.has(id) });
    stream.ended.addEventListener('abort', onLost, { once: true });
    this.#peers.set(id, peer);
    peer.send({ type: 'status', value: source.status() });
    source.peerJoined(peer);
  }

  /** Drops a peer. If the node is still connected, our stream is opened anew. */
  #lose(id: string, only?: ChainPeer): void {
    const peer = this.#peers.get(id);
    if (!peer || (only && peer !== only)) return;
    this.#peers.delete(id);
    peer.close();
    if (this.#deps.now() - peer.cameAt >= SHORT_MS) this.#failed.delete(id);
    // It may have restarted as another process.
    this.#connectLater(id, RETRY.firstMs);
  }

  /** A node has disconnected. */
  #forget(id: string): void {
    this.#lose(id);
    clearTimeout(this.#failed.get(id)?.timer);
    this.#failed.delete(id);
  }

  /** Reads a peer's stream until it ends, costs too much or breaks the rules. A new stream replaces the last. */
  async #listen(stream: FrameStream): Promise<void> {
    const { log } = this.#deps;
    const id = stream.remote;
    if (this.isBanned(id)) return stream.abort();
    this.#incoming.get(id)?.abort();
    this.#incoming.set(id, stream);
    try {
      await this.#readHello(stream);
      this.#requirePlace(id);
      const budget = this.#budgets.of(id);
      for (;;) {
        const frame = await stream.read(this.#within(SILENCE_TIMEOUT_MS));
        if (!frame) break;
        budget.take(frame.length);
        const message = decodeMessage(frame);
        budget.run(() => budget.spend(costOf(message, frame.length)));
        this.#receive(message, id);
      }
    } catch (error) {
      stream.abort(error as Error);
      if (BLAMED.has(codeOf(error))) this.ban(id, error);
      else log.debug({ peer: id }, messageOf(error));
    } finally {
      if (this.#incoming.get(id) === stream) this.#incoming.delete(id);
    }
  }

  /** A peer without a slot is not read; it retries. */
  #requirePlace(id: string): void {
    this.#connect(id);
    if (!this.#peers.has(id) && !this.#opening.has(id))
      throw new BitorchError('NO_PLACE', 'this node has no free peer slots: try again later');
  }

  async #readHello(stream: FrameStream): Promise<void> {
    const frame = await stream.read(this.#within(HELLO_TIMEOUT_MS));
    if (!frame) throw new BitorchError('STREAM_CLOSED', 'the stream ended before its hello');
    const { chainId, genesis } = decode(helloCodec, frame);
    if (!equalBytes(chainId, this.#options.chainId) || !equalBytes(genesis, this.#options.genesis)) {
      throw new BitorchError('OTHER_CHAIN', 'the peer is on another chain');
    }
  }

  #receive(message: Message, id: string): void {
    const peer = this.#peers.get(id);
    // Our stream to it is not open yet; its next status brings both sides up to date.
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
        if (isNear(message.value.round, source.status().round)) peer.setHave(message.value);
        return;
      case 'proposal':
      case 'part':
      case 'vote':
      case 'certificate':
        peer.noteHas(message);
        this.#receiveConsensus(message, peer);
        return;
      default:
        source.receiveTransactions(message, peer);
    }
  }

  /** A message that was relayed was new, which makes the peer useful. */
  #receiveConsensus(message: ConsensusMessage, peer: ChainPeer): void {
    const { source, now } = this.#deps;
    // A late precommit of the previous height can still join its commit.
    const isLongOver = message.value.height < source.status().height - 1;
    if (isLongOver && !this.#pastVotes.take(peer.id, now())) return;
    const before = this.#relayed;
    source.receiveConsensus(message, peer);
    if (this.#relayed > before) peer.noteUseful();
  }

  #reconcile(): void {
    const { source } = this.#deps;
    const value = source.status();
    const haves = this.#haves(value);
    const isToldAgain = this.#isToldAgain(value, haves);
    for (const peer of this.#peers.values()) {
      if (isToldAgain) {
        peer.send({ type: 'status', value });
        for (const have of haves) peer.send({ type: 'have', value: have });
      }
      this.#bringUpToDate(peer);
      const record = peer.status && source.record(peer.status.height);
      if (record) peer.prove(record, value.round);
    }
  }

  /**
   * Between two blocks, while nothing is proposed or voted on, the status need not be repeated: a peer has nothing
   * to send us.
   */
  #isToldAgain({ height, round }: Status, haves: readonly Have[]): boolean {
    const place = `${height}/${round}`;
    const isQuiet = place === this.#announced && haves.every(isEmpty);
    this.#announced = place;
    this.#quietTicks = isQuiet ? this.#quietTicks + 1 : 0;
    return this.#quietTicks % TICKS_WHEN_QUIET === 0;
  }

  #bringUpToDate(peer: ChainPeer): void {
    const { source } = this.#deps;
    const record = peer.status && source.record(peer.status.height);
    if (record) peer.bringUpToDate(record, source.status().round);
  }

  /** Our round, and the earlier round that its proposal refers to. */
  #haves({ height, round }: Status): Have[] {
    const record = this.#deps.source.record(height);
    if (!record) return [];
    const referred = record.round(round)?.proposal?.validRound ?? -1;
    return (referred >= 0 ? [round, referred] : [round]).map((of) => haveOf(record, of));
  }

  #within(timeoutMs: number): AbortSignal {
    return AbortSignal.any([this.#lifecycle.signal, AbortSignal.timeout(timeoutMs)]);
  }
}

/**
 * Errors that only the sender can have caused: honest peers verify before they relay. All others end the stream
 * without a ban.
 */
const BLAMED = new Set([
  'CODEC_INVALID',
  'FRAME_TOO_LONG',
  'BLOCK_INVALID',
  'COMMIT_INVALID',
  'PROOF_INVALID',
  'VALIDATORS_INVALID',
]);

const isEmpty = ({ proposal, prevotes, precommits, certificates }: Have): boolean =>
  proposal.length === 0 && certificates === 0 && ![...prevotes, ...precommits].some((bits) => bits !== 0);

function haveOf(record: HeightRecord, round: number): Have {
  const parts = record.partsOf(round);
  const places = record.validators.size;
  return {
    height: record.height,
    round,
    proposal: parts ? [parts.header] : [],
    parts: bitsOf(parts ? Math.min(parts.header.total, MAX_PARTS) : 0, (i) => parts!.has(i)),
    prevotes: bitsOf(places, (i) => record.votes(round, PREVOTE)?.has(i) === true),
    precommits: bitsOf(places, (i) => record.votes(round, PRECOMMIT)?.has(i) === true),
    certificates: ((record.certificate(round, PREVOTE) ? 1 : 0) +
      (record.certificate(round, PRECOMMIT) ? 2 : 0)) as Have['certificates'],
  };
}
