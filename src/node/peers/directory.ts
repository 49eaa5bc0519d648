import { setTimeout as delay } from 'node:timers/promises';
import {
  BitorchError,
  Broadcast,
  type Clock,
  check,
  type Logger,
  messageOf,
  SYSTEM_CLOCK,
  toHex,
  type z,
} from '#base';
import type { SigningKey } from '#crypto';
import type { Host, PeerAddress } from '#network';
import {
  addressesToTell,
  type Description,
  HOLDERS_PROTOCOL,
  LEAST_APART_MS,
  NEWS_PROTOCOL,
  NODES_PROTOCOL,
  type Word,
} from './announcement.ts';
import { Digest, MAX_DIGEST_BYTES } from './digest.ts';
import { type DirectoryObserver, Hearsay, type SealOpeners } from './hearsay.ts';
import { idOfHolding } from './holdings.ts';
import type { KnownNode, Source } from './known-node.ts';
import { KnownNodes, upTo } from './known-nodes.ts';
import {
  answerSchema,
  holdersSchema,
  MAX_ROOM,
  MAX_WORD_BYTES,
  MAX_WORDS,
  newsSchema,
  questionSchema,
} from './messages.ts';
import { Neighbours } from './neighbours.ts';
import { OwnWord } from './own-word.ts';
import { ProviderRecords } from './provider-records.ts';
import { HOLDERS_BYTES, MAX_HOLDERS, ProviderSearch } from './provider-search.ts';
import { Rumours } from './rumours.ts';

export type { KnownNode } from './known-node.ts';

/** Interval at which a node looks whether what it says of itself has changed. */
const LOOK_MS = 15_000;
/** The same after a change: others follow shortly. */
const SOON_MS = [300, 1000, 2500, 6000];
/** Pulls: at first, while a node is new, then. */
const FIRST_PULL_MS = 2_000;
const YOUNG_PULL_MS = 5_000;
const YOUNG_MS = 60_000;
const PULL_MS = 30_000;
/** A pull is this part sooner or later, at random. */
const PULL_JITTER = 0.25;
/** Nodes of the view beside those that are connected. */
const SAMPLE = 128;
/** Words that a pull takes, in bytes: while few nodes are known, then. */
const ROOM = 3 << 10;
const FEW = 64;
/** How long a start waits for the answers to its first introductions. */
const SETTLE_MS = 5_000;
/** Maximum age of an announcement or delta that is still forwarded. */
const NEWS_AGE_MS = 60_000;
/** What a directory needs of the network. */
export type DirectoryHost = Pick<
  Host,
  'id' | 'connected' | 'isConnected' | 'isDirect' | 'scopeOf' | 'originOf' | 'contentRouting'
> &
  Pick<Host, 'connect' | 'request' | 'answer' | 'onDisconnect' | 'onDial' | 'onAddresses'>;

interface DirectoryDependencies {
  readonly host: DirectoryHost;
  readonly key: SigningKey;
  readonly log: Logger;
  readonly observer?: DirectoryObserver;
  readonly clock?: Clock;
  /** A number from 0 to 1. */
  readonly random?: () => number;
  readonly open?: SealOpeners;
}

/**
 * The nodes that this one knows and their holdings: a bounded part of the network, by what each said last. What is not in it is
 * asked for. docs/protocol/discovery.md.
 */
export class Directory {
  readonly #host: DirectoryHost;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #own: OwnWord;
  readonly #known: KnownNodes;
  readonly #hearsay: Hearsay;
  readonly #rumours: Rumours;
  readonly #neighbours: Neighbours;
  readonly #records: ProviderRecords;
  readonly #search: ProviderSearch;
  readonly #changes = new Broadcast<void>();
  readonly #observer: DirectoryObserver | undefined;
  /** Under way, by peer. */
  readonly #introductions = new Map<string, Promise<void>>();
  /** Which of this node's announcements connected peers have. */
  readonly #told = new Map<string, number>();
  /** What this node is and holds; undefined before start(). */
  #describeSelf: (() => Description) | undefined;
  #startedAt = 0;
  #isStopped = false;
  #announcedAt = Number.NEGATIVE_INFINITY;
  #isAnnouncingSoon = false;

  /** `sample`: nodes of the view beside those that are connected. */
  constructor({ sample = SAMPLE }: { sample?: number }, dependencies: DirectoryDependencies) {
    const { host, log, clock = SYSTEM_CLOCK, random = Math.random } = dependencies;
    this.#host = host;
    this.#log = log;
    this.#clock = clock;
    this.#random = random;
    this.#observer = dependencies.observer;
    const now = () => clock.now();
    this.#own = new OwnWord(dependencies.key);
    const isConnected = (id: string) => host.isConnected(id);
    const capacity = () => sample + 1 + host.connected.length;
    const known = new KnownNodes({ selfId: host.id, capacity }, { isConnected });
    this.#known = known;
    const { observer, open } = dependencies;
    const onChange = () => this.#notify();
    this.#hearsay = new Hearsay({ host, log, clock, known, observer, open, onChange });
    const sharesModel = (id: string) => known.sharesModel(id);
    const shareModel = (id: string, other: string) => known.shareModel(id, other);
    this.#rumours = new Rumours({ host, sharesModel, shareModel, now, random });
    const holdersOf = (manifest: string) => this.holdersOf(manifest);
    this.#neighbours = new Neighbours({ host, nodes: () => this.nodes(), holdersOf, random });
    this.#records = new ProviderRecords({ host, clock, log });
    this.#search = new ProviderSearch({
      ...{ host, clock, log, random },
      isKnown: (manifest, block) => this.#holders(manifest, block).some(({ id }) => id !== host.id),
      learn: (words, from) => this.#hearsay.learnAll(words, from),
      meet: (peer) => this.#visit(peer),
    });
  }

  /** Begins to hear others and to tell them what `describeSelf` says, each time that it is asked. */
  async start(describeSelf: () => Description): Promise<void> {
    const host = this.#host;
    this.#describeSelf = describeSelf;
    this.#startedAt = this.#clock.now();
    await host.answer(NODES_PROTOCOL, async (message, from) => this.#meet(message, from), {
      maxBytes: MAX_WORD_BYTES + MAX_DIGEST_BYTES,
    });
    await host.answer(NEWS_PROTOCOL, async (message, from) => this.#hearNews(message, from), {
      maxBytes: MAX_WORD_BYTES,
    });
    await host.answer(HOLDERS_PROTOCOL, async (message) => this.#answerHolders(message));
    host.onDisconnect((peer) => this.#lose(peer));
    host.onDial((peer) => void this.#introduce(peer));
    host.onAddresses(() => this.announce());
    this.changed();
    this.#clock.after(LOOK_MS, () => this.#look());
    this.#clock.after(FIRST_PULL_MS * (1 + this.#random()), () => this.#pull());
  }

  stop(): void {
    this.#isStopped = true;
    this.#records.stop();
  }

  /** Resolves when every node dialled so far has answered the introduction or failed to, within 5 s. */
  async settled(): Promise<void> {
    const late = new AbortController();
    const timer = delay(SETTLE_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const answers = async () => {
      while (this.#introductions.size > 0) await Promise.all(this.#introductions.values());
    };
    await Promise.race([answers(), timer]);
    late.abort();
  }

  /** Announces a change now, and what follows it shortly. */
  changed(): void {
    this.announce();
    for (const ms of SOON_MS) this.#clock.after(ms, () => this.announce());
  }

  /** Sends the changes of this node to connected nodes, as soon as they accept another message. */
  announce(): void {
    const describe = this.#describeSelf;
    if (this.#isStopped || !describe) return;
    const wait = this.#announcedAt + LEAST_APART_MS - this.#clock.now();
    if (wait > 0) {
      if (!this.#isAnnouncingSoon) this.#clock.after(wait + 1, () => this.#announceNow(describe));
      this.#isAnnouncingSoon = true;
      return;
    }
    this.#announceNow(describe);
  }

  #announceNow(describe: () => Description): void {
    this.#isAnnouncingSoon = false;
    if (this.#isStopped) return;
    const self = describe();
    const direct = this.#host.connected.filter((peer) => this.#host.isDirect(peer));
    const reached = direct.map((peer) => this.#host.scopeOf(peer));
    const outcome = this.#own.describe({ ...self, addresses: addressesToTell(self.addresses, reached) });
    if (outcome === 'same') return;
    this.#announcedAt = this.#clock.now();
    this.#observer?.announced(self);
    this.#learnOwn();
    if (outcome === 'beat') return;
    this.#records.holds(self.holdings);
    this.#rumours.tellAll((peer) => this.#wordFor(peer));
    this.#notify();
  }

  #learnOwn(): void {
    const source: Source = { proven: true, origin: this.#host.id, scope: 'loopback' };
    const { pages, delta } = this.#own.told!;
    const now = this.#clock.date();
    const { id } = this.#host;
    const isNew = this.#known.baseOf(id) !== this.#own.base;
    for (const { announcement, sealed } of isNew ? pages : [])
      this.#known.learn(announcement, { id, sealed }, source, now);
    if (delta) this.#known.learnDelta(id, delta.delta, delta.sealed, source, now);
  }

  #wordFor(peer: string): Word {
    const isWhole = this.#told.get(peer) !== this.#own.base;
    this.#told.set(peer, this.#own.base);
    return this.#own.word(this.#host.id, isWhole);
  }

  #look(): void {
    if (this.#isStopped) return;
    this.announce();
    this.#known.touch([this.#host.id, ...this.#host.connected], this.#clock.date());
    this.#clock.after(LOOK_MS, () => this.#look());
  }

  /** Asks a connected node for what it knows; connects to more nodes where some are missing. */
  #pull(): void {
    if (this.#isStopped) return;
    const { connected } = this.#host;
    const peer = connected[Math.floor(this.#random() * connected.length)];
    if (peer !== undefined) void this.#introduce(peer);
    const [lonely] = this.#neighbours.lonely(this.#ownModels());
    if (lonely !== undefined) void this.#search.find(lonely);
    const isYoung = this.#clock.now() - this.#startedAt < YOUNG_MS;
    const jitter = 1 + PULL_JITTER * (2 * this.#random() - 1);
    this.#clock.after((isYoung ? YOUNG_PULL_MS : PULL_MS) * jitter, () => this.#pull());
  }

  #ownModels(): string[] {
    return this.find(this.#host.id)?.holdings.map(idOfHolding) ?? [];
  }

  /** The known nodes that were heard of recently, including this one. */
  nodes(): KnownNode[] {
    return this.#known.all(this.#clock.date());
  }

  find(id: string): KnownNode | undefined {
    return this.#known.find(id, this.#clock.date());
  }

  /** The known reachable nodes, including this one, that hold part of the model with this manifest id (hexadecimal). */
  holdersOf(manifest: string): KnownNode[] {
    return this.#known.holdersOf(manifest, this.#clock.date());
  }

  /**
   * Resolves when a reachable node is known that holds part of a model, or that runs the given block of it; also when
   * none was found, or when it is too soon to search again.
   */
  seek(manifest: string, block?: number): Promise<void> {
    return this.#isStopped ? Promise.resolve() : this.#search.find(manifest, block);
  }

  /** Ids (hexadecimal) of at most `count` manifests that were announced, those with the most holders first. */
  mostHeld(count: number): string[] {
    return this.#known.mostHeld(count);
  }

  /** Display name of a node. */
  nameOf(id: string): string {
    return this.#known.nameOf(id);
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    return this.#changes.on(listener);
  }

  #holders(manifest: string, block: number | null | undefined): KnownNode[] {
    const runs = ({ holdings }: KnownNode, at: number) =>
      holdings.some(
        (one) => one.blocks && idOfHolding(one) === manifest && one.blocks[0] <= at && at < one.blocks[1],
      );
    return this.holdersOf(manifest).filter((node) => typeof block !== 'number' || runs(node, block));
  }

  /** Tells a connected node of this one, and asks what it knows. Resolves when that is done, or has failed. */
  #introduce(peer: string): Promise<void> {
    const before = this.#introductions.get(peer);
    if (this.#isStopped || before) return before ?? Promise.resolve();
    const introduction = this.#exchange(peer)
      .catch((error: unknown) => {
        this.#told.delete(peer);
        this.#log.debug({ peer, error: messageOf(error) }, 'introduction not answered');
      })
      .finally(() => this.#introductions.delete(peer));
    this.#introductions.set(peer, introduction);
    return introduction;
  }

  async #exchange(peer: string): Promise<void> {
    const heard = this.#known.heard(this.#clock.date());
    const question = {
      time: this.#clock.date(),
      word: this.#wordFor(peer),
      known: Digest.encode(heard, this.#random()),
      room: heard.length < FEW ? MAX_ROOM : ROOM,
    };
    const maxBytes = question.room + 2 * MAX_WORD_BYTES;
    const answer = await this.#host.request({ id: peer, addresses: [] }, NODES_PROTOCOL, question, {
      maxBytes,
    });
    const { time, words } = check(answerSchema, answer, 'nodes');
    if (this.#isStopped) return;
    this.#observer?.heardClock(peer, time);
    this.#hearsay.learnAll(words, peer);
    this.#known.touch([peer], this.#clock.date());
    const missing = this.#neighbours.missing(this.#ownModels());
    await Promise.allSettled(missing.map((node) => this.#host.connect(node)));
  }

  /** Connects to a node and receives its announcement. Rejects when the node cannot be reached. */
  async #visit(peer: PeerAddress): Promise<void> {
    await this.#host.connect(peer);
    await this.#introduce(peer.id);
  }

  /**
   * A node introduces itself and asks for the nodes that this one knows. It first receives the newest information about
   * itself, so that it notices when another node uses its identity. Throws ANNOUNCEMENT_INVALID, and the errors of
   * decoding its messages.
   */
  #meet(message: unknown, from: string): z.infer<typeof answerSchema> {
    const { time, word, known, room } = check(questionSchema, message, 'introduction');
    if (word.id !== from) throw new BitorchError('ANNOUNCEMENT_INVALID', 'a node may introduce only itself');
    const digest = Digest.decode(known);
    const now = this.#clock.date();
    this.#observer?.heardClock(from, time);
    const before = this.#lastWordOf(from, digest);
    if (this.#hearsay.learn(word, from)) this.#passOn(from, from);
    this.#known.touch([from], now);
    const asked = { room, now, except: from, random: this.#random, count: MAX_WORDS };
    return { time: now, words: [...before, ...this.#known.words(digest, asked)] };
  }

  /** The newest information about the sender of a digest, unless the digest already contains it. */
  #lastWordOf(id: string, digest: Digest): Word[] {
    const [time, told] = [this.#known.timeOf(id), digest.timeOf(id)];
    if (time === undefined || (told !== undefined && told === time - (time % 1000))) return [];
    return [this.#known.wordOf(id, told) ?? []].flat();
  }

  #hearNews(message: unknown, from: string): null {
    const { word } = check(newsSchema, message, 'news');
    if (this.#hearsay.learn(word, from)) this.#passOn(word.id, from);
    return null;
  }

  #answerHolders(message: unknown): Word[] {
    const { manifest, block } = check(holdersSchema, message, 'question for holders');
    const holders = this.#holders(toHex(manifest), block);
    const isNear = ({ id }: KnownNode) => Number(id === this.#host.id || this.#host.isConnected(id));
    holders.sort((a, b) => isNear(b) - isNear(a));
    const words = holders.slice(0, 2 * MAX_HOLDERS).flatMap(({ id }) => this.#known.wordOf(id) ?? []);
    return upTo(HOLDERS_BYTES, words).slice(0, MAX_HOLDERS);
  }

  #passOn(id: string, from: string): void {
    const time = this.#known.timeOf(id);
    const word = this.#known.wordOf(id);
    if (word && time !== undefined && this.#clock.date() - time < NEWS_AGE_MS)
      this.#rumours.passOn(word, from);
  }

  #lose(peer: string): void {
    this.#told.delete(peer);
    if (this.#known.lose(peer)) this.#notify();
  }

  #notify(): void {
    this.#changes.publish();
  }
}
