import { type Clock, type Logger, messageOf } from '#base';
import { Budgets, type Host, type Limits, type PeerAddress } from '#network';
import {
  type Announcement,
  type Delta,
  type Description,
  openAnnouncement,
  openDelta,
  type Word,
} from './announcement.ts';
import { isProgressOnly } from './holdings.ts';
import type { KnownNode, Source } from './known-node.ts';
import type { KnownNodes } from './known-nodes.ts';

/** Limits of unknown nodes that one sender may name: at once, and per second. */
const NEWS: Limits = { heldBytes: 0, burstBytes: 256, bytesPerSecond: 32, burstCpuMs: 1, cpuMsPerSecond: 1 };
const NEWS_OF_ALL: Limits = { ...NEWS, burstBytes: 2048, bytesPerSecond: 256 };

/** Receives what a directory learns besides its entries. */
export interface DirectoryObserver {
  /** A connected node announced its addresses. */
  readonly met: (peer: PeerAddress) => void;
  /** This node signed something about itself, at this time. */
  readonly announced: (self: Pick<Description, 'time'>) => void;
  /** A message signed with this node's own key arrived. */
  readonly heardOwn: (announcement: Pick<Announcement, 'time' | 'addresses'>) => void;
  /** A connected node sent the time of its clock. */
  readonly heardClock: (id: string, time: number) => void;
}

/** Verifies and decodes signed messages. */
export interface SealOpeners {
  announcement(id: string, sealed: Uint8Array): Announcement;
  delta(id: string, sealed: Uint8Array): Delta;
}

const OPENERS: SealOpeners = {
  announcement: (id, sealed) => openAnnouncement({ id, sealed }),
  delta: openDelta,
};

interface HearsayDependencies {
  readonly host: Pick<Host, 'id' | 'scopeOf' | 'originOf'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly known: KnownNodes;
  readonly observer: DirectoryObserver | undefined;
  readonly open?: SealOpeners | undefined;
  /** Called when anything was learned. */
  readonly onChange: () => void;
}

/**
 * Processes what connected nodes send about themselves and others, if it is signed, new, and within the limits of the
 * sender.
 */
export class Hearsay {
  readonly #deps: HearsayDependencies;
  readonly #news: Budgets;

  constructor(dependencies: HearsayDependencies) {
    this.#deps = dependencies;
    const now = () => dependencies.clock.now();
    this.#news = new Budgets({ peer: NEWS, address: NEWS, all: NEWS_OF_ALL }, { now });
  }

  /** Processes what `from` sends; skips what is invalid or exceeds its limit. */
  learnAll(words: readonly Word[], from: string): void {
    for (const word of words) {
      try {
        this.learn(word, from);
      } catch (error) {
        this.#deps.log.info({ peer: from, error: messageOf(error) }, 'announcement rejected');
      }
    }
  }

  /**
   * Processes information from `from` about one node, perhaps about itself. Returns whether it is to be forwarded: it
   * is new, and not only the progress of a download. Throws SIGNATURE_INVALID, ANNOUNCEMENT_INVALID and the errors of
   * decoding.
   */
  learn({ id, pages, delta: sealedDelta }: Word, from: string): boolean {
    const { host, known, clock, observer, onChange, open = OPENERS } = this.#deps;
    const isOwn = id === host.id;
    const proven = id === from;
    if (!isOwn && !proven && !known.has(id) && !this.#isWithinNews(from)) return false;
    const now = clock.date();
    const delta = sealedDelta && open.delta(id, sealedDelta);
    const source: Source = { proven, scope: host.scopeOf(from), origin: host.originOf(from) };
    const before = known.find(id, now);
    let isNews = false;
    for (const sealed of pages) {
      const announcement = open.announcement(id, sealed);
      const { time } = announcement;
      if (isOwn) observer?.heardOwn(announcement);
      else if (known.isNews(announcement, now, delta?.base === time ? delta.time : time))
        isNews = known.learn(announcement, { id, sealed }, source, now) || isNews;
    }
    if (isOwn) {
      if (delta) observer?.heardOwn({ time: delta.time, addresses: [] });
      return false;
    }
    if (delta && sealedDelta && known.isDeltaNews(id, delta, now))
      isNews = known.learnDelta(id, delta, sealedDelta, source, now) || isNews;
    const after = known.find(id, now);
    if (!isNews || !after) return false;
    if (proven) observer?.met(after);
    onChange();
    return !before || !isSameBut(before, after);
  }

  #isWithinNews(teller: string): boolean {
    try {
      this.#news.of(teller).take(1);
      return true;
    } catch {
      return false;
    }
  }
}

/** Whether two descriptions of a node differ only in the progress of downloads. */
const isSameBut = (a: KnownNode, b: KnownNode): boolean =>
  a.reachable === b.reachable &&
  a.addresses.join() === b.addresses.join() &&
  a.roles.join() === b.roles.join() &&
  isProgressOnly(a.holdings, b.holdings);
