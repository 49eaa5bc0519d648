import { setTimeout as delay } from 'node:timers/promises';
import {
  BitorchError,
  Broadcast,
  check,
  decodeCanonical,
  encodeCanonical,
  type Logger,
  messageOf,
  z,
} from '#base';
import type { SigningKey } from '#crypto';
import { Budgets, type Host, type Limits, type PeerAddress, type Verdict } from '#network';
import {
  ANNOUNCE_INTERVAL_MS,
  ANNOUNCE_TOPIC,
  type Announcement,
  addressesToTell,
  type Description,
  LEAST_APART_MS,
  MAX_PAGES,
  NODES_PROTOCOL,
  openAnnouncement,
  pagesOf,
  type SealedAnnouncement,
  sealAnnouncement,
  sealedAnnouncementSchema,
} from './announcement.ts';
import { type KnownNode, KnownNodes, mayPassOn, type Source } from './known-nodes.ts';

export type { KnownNode } from './known-nodes.ts';

/** Repetitions of an announcement after a change. */
const REPEAT_MS = [300, 1000, 2500, 6000];
const MAX_GOSSIP_BYTES = 20 << 10;
/** A minute's worth. */
const REPETITIONS_PER_QUESTION = 4;
/** A node that hears of others connects to some of them, until it has so many connections. */
const CONNECTIONS_WANTED = 16;
/** How long a start waits for the answers to its first introductions. */
const SETTLE_MS = 5_000;
/** Announcements that a newcomer is told at once; gossip brings the others within seconds. */
const TOLD_AT_ONCE = 64;
/** Nodes not heard of before that one teller may name: so many at once, so many a second. */
const NEWS: Limits = { heldBytes: 0, burstBytes: 256, bytesPerSecond: 32, burstCpuMs: 1, cpuMsPerSecond: 1 };
const NEWS_OF_ALL: Limits = { ...NEWS, burstBytes: 2048, bytesPerSecond: 256 };

const introductionSchema = z.strictObject({ pages: z.array(sealedAnnouncementSchema).min(1).max(MAX_PAGES) });
const nodesSchema = z.array(sealedAnnouncementSchema).max(TOLD_AT_ONCE);

/** Receives what a directory learns besides its entries. */
export interface DirectoryObserver {
  /** A connected node announced its addresses. */
  readonly met: (peer: PeerAddress) => void;
  /** This node announced itself. */
  readonly announced: (self: Description) => void;
  /** An announcement signed with this node's own key arrived. */
  readonly heardOwn: (announcement: Announcement) => void;
  /** A connected node announced itself, credibly or not. */
  readonly heardItself: (announcement: Announcement) => void;
}

/** The nodes of the network and their holdings: the newest signed announcement of each. */
export class Directory {
  readonly #host: Host;
  readonly #key: SigningKey;
  readonly #log: Logger;
  readonly #known: KnownNodes;
  readonly #news: Budgets;
  readonly #now: () => number;
  readonly #changes = new Broadcast<void>();
  readonly #observer: DirectoryObserver | undefined;
  /** Under way, by peer. */
  readonly #introductions = new Map<string, Promise<void>>();
  /** What this node is and holds; undefined before start(). */
  #describeSelf: (() => Description) | undefined;
  #stopped = false;
  #repetitions = 0;
  #announcedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(dependencies: {
    host: Host;
    key: SigningKey;
    log: Logger;
    observer?: DirectoryObserver;
    /** Milliseconds that only go on. */
    now?: () => number;
  }) {
    const { host } = dependencies;
    this.#host = host;
    this.#key = dependencies.key;
    this.#log = dependencies.log;
    this.#observer = dependencies.observer;
    this.#now = dependencies.now ?? (() => performance.now());
    this.#news = new Budgets({ peer: NEWS, address: NEWS, all: NEWS_OF_ALL }, { now: this.#now });
    const isConnected = (id: string) => host.isConnected(id);
    this.#known = new KnownNodes({ selfId: host.id }, { isConnected });
  }

  /** Begins to hear others and to tell them what `describeSelf` says, each time that it is asked. */
  async start(describeSelf: () => Description): Promise<void> {
    const host = this.#host;
    this.#describeSelf = describeSelf;
    await host.answer(NODES_PROTOCOL, async (message, from) => this.#meet(message, from), {
      maxBytes: MAX_PAGES * MAX_GOSSIP_BYTES,
    });
    host.subscribe(ANNOUNCE_TOPIC, (data, from) => this.#hear(data, from));
    host.onDisconnect((peer) => this.#lose(peer));
    host.onDial((peer) => this.#meetAgain(peer));
    host.onAddresses(() => this.announce());
    this.changed();
    this.#timer = setInterval(() => this.#repeat(), ANNOUNCE_INTERVAL_MS).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
  }

  /** Resolves when whoever this node has dialled so far has answered its introduction, or not: within 5 s. */
  async settled(): Promise<void> {
    const late = new AbortController();
    const timer = delay(SETTLE_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const answers = async () => {
      while (this.#introductions.size > 0) await Promise.all(this.#introductions.values());
    };
    await Promise.race([answers(), timer]);
    late.abort();
  }

  /** Announces a change now, and again shortly for peers that gossip does not reach yet. */
  changed(): void {
    this.announce();
    for (const delay of REPEAT_MS) setTimeout(() => this.announce(), delay).unref();
  }

  /** Tells the network what this node is and holds now, or as soon as others take another word of it. */
  announce(): void {
    if (this.#stopped) return;
    const wait = this.#announcedAt + LEAST_APART_MS - this.#now();
    if (wait > 0) {
      this.#soon ??= setTimeout(() => this.announce(), wait + 1).unref();
      return;
    }
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#announcedAt = this.#now();
    const source: Source = { proven: true, origin: this.#host.id, scope: 'loopback' };
    for (const { announcement, sealed } of this.#ownPages()) {
      this.#known.learn(announcement, sealed, source, Date.now());
      this.#gossip(sealed);
    }
    this.#notify();
  }

  /** Announces itself; now and then to one peer with a question, which fills what gossip has left out. */
  #repeat(): void {
    this.announce();
    if (++this.#repetitions % REPETITIONS_PER_QUESTION !== 0) return;
    const { connected } = this.#host;
    const peer = connected[(this.#repetitions / REPETITIONS_PER_QUESTION) % connected.length];
    if (peer !== undefined) this.#meetAgain(peer);
  }

  /** All nodes heard of lately, this one included. */
  nodes(): KnownNode[] {
    return this.#known.all(Date.now());
  }

  find(id: string): KnownNode | undefined {
    return this.#known.find(id, Date.now());
  }

  /** The reachable nodes, including this one, that hold part of the model with this manifest id (hexadecimal). */
  holdersOf(manifest: string): KnownNode[] {
    return this.#known.holdersOf(manifest, Date.now());
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

  #ownPages(): { announcement: Announcement; sealed: SealedAnnouncement }[] {
    if (!this.#describeSelf) return [];
    const self = this.#describeSelf();
    const direct = this.#host.connected.filter((peer) => this.#host.isDirect(peer));
    const reached = direct.map((peer) => this.#host.scopeOf(peer));
    const pages = pagesOf({ ...self, addresses: addressesToTell(self.addresses, reached) });
    this.#observer?.announced(self);
    return pages.map((announcement) => ({ announcement, sealed: sealAnnouncement(announcement, this.#key) }));
  }

  /** Whoever is connected anew does not know of us any more, or we not of it: one of the two has begun anew, or slept. */
  #meetAgain(peer: string): void {
    if (this.#stopped || this.#introductions.has(peer)) return;
    const met = this.#introduce({ id: peer, addresses: [] })
      .catch((error: unknown) =>
        this.#log.debug({ peer, error: messageOf(error) }, 'introduction not answered'),
      )
      .finally(() => this.#introductions.delete(peer));
    this.#introductions.set(peer, met);
  }

  /** Tells another node of us and learns whom it knows; connects to some of those while it has few connections. */
  async #introduce(peer: PeerAddress): Promise<void> {
    const pages = this.#ownPages().map(({ sealed }) => sealed);
    const answer = await this.#host.request(
      peer,
      NODES_PROTOCOL,
      { pages },
      { maxBytes: TOLD_AT_ONCE * MAX_GOSSIP_BYTES },
    );
    for (const sealed of check(nodesSchema, answer, 'nodes')) this.#try(() => this.#learn(sealed, peer.id));
    const missing = CONNECTIONS_WANTED - this.#host.connected.length;
    const others = this.nodes().filter((node) => node.reachable && !this.#host.isConnected(node.id));
    await Promise.allSettled(others.slice(0, Math.max(0, missing)).map((node) => this.#host.connect(node)));
  }

  /**
   * A node introduces itself: gossip takes a moment to reach it, so others hear of it through us. Only itself: what it says of
   * others is for gossip. It is told first what was heard of it before, so that it notices when another one has its identity.
   * Throws ANNOUNCEMENT_INVALID.
   */
  #meet(message: unknown, from: string): SealedAnnouncement[] {
    const { pages } = check(introductionSchema, message, 'introduction');
    if (pages.some(({ id }) => id !== from))
      throw new BitorchError('ANNOUNCEMENT_INVALID', 'a node may introduce only itself');
    const before = this.#known.lastWordOf(from);
    for (const sealed of pages) if (this.#learn(sealed, from) === 'accept') this.#gossip(sealed);
    return [...before, ...this.#known.toTell(TOLD_AT_ONCE, Date.now())].slice(0, TOLD_AT_ONCE);
  }

  #gossip(sealed: SealedAnnouncement): void {
    this.#host.publish(ANNOUNCE_TOPIC, encodeCanonical(sealed)).catch((error: unknown) => {
      this.#log.warn({ error: messageOf(error) }, 'announcement was not sent');
    });
  }

  #hear(data: Uint8Array, from: string): Verdict {
    return this.#try(() =>
      this.#learn(
        check(sealedAnnouncementSchema, decodeCanonical(data, MAX_GOSSIP_BYTES), 'announcement'),
        from,
      ),
    );
  }

  #try(learn: () => Verdict): Verdict {
    try {
      return learn();
    } catch (error) {
      this.#log.info({ error: messageOf(error) }, 'announcement rejected');
      return 'reject';
    }
  }

  /** What `from` tells of a node, perhaps itself. */
  #learn(sealed: SealedAnnouncement, from: string): Verdict {
    const now = Date.now();
    const announcement = openAnnouncement(sealed);
    const { id } = announcement;
    if (id === this.#host.id) this.#observer?.heardOwn(announcement);
    if (id === from) this.#observer?.heardItself(announcement);
    if (id === this.#host.id || !this.#known.isNews(announcement, now)) return 'ignore';
    const [proven, scope] = [id === from, this.#host.scopeOf(from)];
    if (!proven && !this.#known.has(id) && !this.#isWithinNews(from)) return 'ignore';
    if (!this.#known.learn(announcement, sealed, { proven, scope, origin: this.#host.originOf(from) }, now))
      return 'ignore';
    if (proven) this.#observer?.met(this.#known.find(id, now)!);
    this.#notify();
    return mayPassOn(announcement, scope) ? 'accept' : 'ignore';
  }

  #isWithinNews(teller: string): boolean {
    try {
      this.#news.of(teller).take(1);
      return true;
    } catch {
      return false;
    }
  }

  #lose(peer: string): void {
    if (this.#known.lose(peer)) this.#notify();
  }

  #notify(): void {
    this.#changes.publish();
  }
}
