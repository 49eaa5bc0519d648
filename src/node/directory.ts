import { check, decodeCanonical, encodeCanonical, type Logger, messageOf, z } from '#base';
import type { SigningKey } from '#crypto';
import type { Host, PeerAddress, Verdict } from '#network';
import {
  ANNOUNCE_INTERVAL_MS,
  ANNOUNCE_TOPIC,
  type Announcement,
  CLOCK_SKEW_MS,
  FORGET_MS,
  NODES_PROTOCOL,
  openAnnouncement,
  type SealedAnnouncement,
  SILENCE_MS,
  sealAnnouncement,
  sealedAnnouncementSchema,
} from './announcement.ts';

/** Repetitions of an announcement after a change. */
const REPEAT_MS = [300, 1000, 2500];
const MAX_NODES = 4096;
const MAX_GOSSIP_BYTES = 20 << 10;
/** Nodes beside the bootstrap nodes that a newcomer introduces itself to. */
const MAX_INTRODUCTIONS = 16;

interface Entry {
  readonly announcement: Announcement;
  readonly sealed: SealedAnnouncement;
  /** By our own clock. */
  heardAt: number;
  /** Its last connection to us has closed since we heard of it. */
  lost: boolean;
}

export interface KnownNode extends Announcement {
  readonly reachable: boolean;
  readonly lastSeen: number;
}

/** Who is in the network and what they hold: the newest signed announcement of each node. */
export class Directory {
  readonly #host: Host;
  readonly #key: SigningKey;
  readonly #log: Logger;
  readonly #describeSelf: () => Announcement;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: { host: Host; key: SigningKey; log: Logger; describeSelf: () => Announcement }) {
    this.#host = dependencies.host;
    this.#key = dependencies.key;
    this.#log = dependencies.log;
    this.#describeSelf = dependencies.describeSelf;
  }

  async start(bootstrap: readonly string[]): Promise<void> {
    const host = this.#host;
    await host.answer(NODES_PROTOCOL, async (message) => this.#meet(message));
    host.subscribe(ANNOUNCE_TOPIC, (data) => this.#hear(data));
    host.onDisconnect((peer) => this.#lose(peer));
    this.announce();
    for (const address of bootstrap) {
      const id = await host.connect(address);
      await this.#introduce({ id, addresses: [address] });
    }
    const others = this.nodes().filter((node) => node.reachable && !host.connected.includes(node.id));
    await Promise.allSettled(others.slice(0, MAX_INTRODUCTIONS).map((node) => this.#introduce(node)));
    this.#timer = setInterval(() => this.announce(), ANNOUNCE_INTERVAL_MS).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Something changed: tells the network now, and again shortly, for peers that gossip does not reach yet. */
  changed(): void {
    this.announce();
    for (const delay of REPEAT_MS) setTimeout(() => this.announce(), delay).unref();
  }

  /** Tells the network what this node is and holds now. */
  announce(): void {
    if (this.#stopped) return;
    const announcement = this.#describeSelf();
    const sealed = sealAnnouncement(announcement, this.#key);
    this.#store(announcement, sealed);
    this.#gossip(sealed);
  }

  /** All nodes heard of lately, this one included. */
  nodes(): KnownNode[] {
    const now = Date.now();
    for (const [id, { heardAt }] of this.#entries) if (now - heardAt > FORGET_MS) this.#entries.delete(id);
    return [...this.#entries.values()].map(({ announcement, heardAt, lost }) => ({
      ...announcement,
      lastSeen: heardAt,
      reachable: !lost && now - heardAt < SILENCE_MS,
    }));
  }

  find(id: string): KnownNode | undefined {
    return this.nodes().find((node) => node.id === id);
  }

  /** What people call a node. */
  nameOf(id: string): string {
    return this.#entries.get(id)?.announcement.name ?? id.slice(-8);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Tells another node of us and learns whom it knows. */
  async #introduce(peer: PeerAddress): Promise<void> {
    const self = sealAnnouncement(this.#describeSelf(), this.#key);
    const answer = await this.#host.request(peer, NODES_PROTOCOL, self, {
      maxBytes: MAX_NODES * MAX_GOSSIP_BYTES,
    });
    for (const sealed of check(z.array(sealedAnnouncementSchema).max(MAX_NODES), answer, 'nodes'))
      this.#learn(sealed);
  }

  /** A node introduces itself: gossip takes a moment to reach it, so others hear of it through us. */
  #meet(message: unknown): SealedAnnouncement[] {
    const sealed = check(sealedAnnouncementSchema, message, 'announcement');
    if (this.#learn(sealed) === 'accept') this.#gossip(sealed);
    return [...this.#entries.values()].map((entry) => entry.sealed);
  }

  #gossip(sealed: SealedAnnouncement): void {
    this.#host.publish(ANNOUNCE_TOPIC, encodeCanonical(sealed)).catch((error: unknown) => {
      this.#log.warn({ error: messageOf(error) }, 'announcement was not sent');
    });
  }

  #hear(data: Uint8Array): Verdict {
    try {
      return this.#learn(
        check(sealedAnnouncementSchema, decodeCanonical(data, MAX_GOSSIP_BYTES), 'announcement'),
      );
    } catch (error) {
      this.#log.info({ error: messageOf(error) }, 'announcement rejected');
      return 'reject';
    }
  }

  #learn(sealed: SealedAnnouncement): Verdict {
    const announcement = openAnnouncement(sealed);
    const known = this.#entries.get(announcement.id);
    if (known && known.announcement.time >= announcement.time) return 'ignore';
    if (announcement.time > Date.now() + CLOCK_SKEW_MS) return 'ignore';
    if (!known && this.#entries.size >= MAX_NODES) return 'ignore';
    if (announcement.id !== this.#host.id) this.#store(announcement, sealed);
    return 'accept';
  }

  #store(announcement: Announcement, sealed: SealedAnnouncement): void {
    this.#entries.set(announcement.id, { announcement, sealed, heardAt: Date.now(), lost: false });
    this.#notify();
  }

  #lose(peer: string): void {
    const entry = this.#entries.get(peer);
    if (!entry) return;
    entry.lost = true;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
