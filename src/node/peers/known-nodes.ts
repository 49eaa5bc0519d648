import { cleanText } from '#base';
import {
  type Announcement,
  CLOCK_SKEW_MS,
  type Delta,
  FORGET_MS,
  type Holding,
  LEAST_APART_MS,
  MOST_AGE_MS,
  type SealedAnnouncement,
  sizeOf,
  type Word,
} from './announcement.ts';
import type { Digest, Heard } from './digest.ts';
import { idOfHolding, sameHoldings } from './holdings.ts';
import {
  baseOf,
  bytesOfEntry,
  bytesOfPart,
  describe,
  type Entry,
  holdingsOf,
  type KnownNode,
  mayPassOn,
  NEW_ENTRY_BYTES,
  newEntry,
  newestOf,
  type Source,
  seen,
  wordOf,
} from './known-node.ts';

const MAX_NODES = 4096;
/** Memory for all nodes together: each may announce a thousand models, and with pages of 16 KiB. */
const MAX_BYTES = 32 << 20;
/** Part of the nodes, or of the memory, given up at once to make room, since finding them takes a look at every node. */
const FORGOTTEN_AT_ONCE = 1 / 16;
/** Models of this node whose other holders are kept in preference. */
const MODELS_SHARED = 64;

interface KnownNodesOptions {
  readonly selfId: string;
  /** Nodes that may be kept. */
  readonly capacity?: () => number;
}

/** The announced nodes, indexed by the manifests that they hold. Bounded; when full, keeps those that matter most to this node. */
export class KnownNodes {
  readonly #selfId: string;
  readonly #capacity: () => number;
  readonly #isConnected: (id: string) => boolean;
  readonly #entries = new Map<string, Entry>();
  /** Manifest id, hexadecimal → node ids. */
  readonly #holders = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(options: KnownNodesOptions, dependencies: { isConnected: (id: string) => boolean }) {
    this.#selfId = options.selfId;
    this.#capacity = options.capacity ?? (() => MAX_NODES);
    this.#isConnected = dependencies.isConnected;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Estimated memory of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /**
   * Whether a page is news that may be believed: neither old nor ahead of time, nor too soon after the last one. A page is as
   * fresh as the delta that came with it, if any.
   */
  isNews({ id, page, time }: Announcement, now: number, freshAt = time): boolean {
    if (!isBelievable(time, freshAt, now)) return false;
    const known = this.#entries.get(id)?.pages.get(page);
    return !known || time >= known.time + LEAST_APART_MS;
  }

  /**
   * Processes one page of a node's announcement. Returns false when there is no room for a node that this one has not
   * met.
   */
  learn(announcement: Announcement, { sealed }: SealedAnnouncement, source: Source, now: number): boolean {
    const { id, page, pages, time } = announcement;
    const known = this.#entries.get(id);
    const bytes = bytesOfPart(sealed, announcement.holdings.length);
    const added = (known ? 0 : NEW_ENTRY_BYTES) + bytes - (known?.pages.get(page)?.bytes ?? 0);
    if (!known && this.#entries.size >= this.#capacity() && !this.#makeRoom(source)) return false;
    if (!this.#hasMemory(added, source)) return false;
    // It may have been forgotten itself.
    if (known && !this.#entries.has(id)) return false;
    const entry = known ?? newEntry(announcement, source);
    this.#entries.set(id, entry);
    const held = entry.pages.get(page)?.holdings ?? [];
    const holdings = sameHoldings(held, announcement.holdings) ? held : announcement.holdings;
    const told = mayPassOn(announcement, source.scope) ? sealed : undefined;
    entry.pages.set(page, { time, sealed: told, holdings, bytes });
    for (const other of entry.pages.keys()) if (other >= pages) entry.pages.delete(other);
    if (entry.delta?.delta.base !== time) entry.delta = undefined;
    entry.proven ||= source.proven;
    // An address is worth what the nearest who told it is: a node's own word over its own connection comes first.
    const learntFrom = source.proven || !entry.proven ? source.scope : entry.node.learntFrom;
    const before = entry.node.holdings;
    entry.node = describe(announcement, before, learntFrom);
    this.#hear(
      entry,
      known && !source.proven ? entry.origin : source.origin,
      source.proven ? now : time,
      now,
    );
    return true;
  }

  /** Whether a delta is news, and one to the announcement that is known. */
  isDeltaNews(id: string, { base, time }: Delta, now: number): boolean {
    const entry = this.#entries.get(id);
    if (!entry || time <= base || !isBelievable(time, time, now)) return false;
    if ([...entry.pages.values()].some((page) => page.time !== base)) return false;
    return !entry.delta || time >= entry.delta.delta.time + LEAST_APART_MS;
  }

  /** Takes in a delta that is news; false where there is no memory for it. */
  learnDelta(id: string, delta: Delta, sealed: Uint8Array, source: Source, now: number): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    const bytes = bytesOfPart(sealed, delta.changed.length + delta.gone.length);
    if (!this.#hasMemory(bytes - (entry.delta?.bytes ?? 0), source) || !this.#entries.has(id)) return false;
    entry.delta = { delta, sealed, bytes };
    entry.proven ||= source.proven;
    this.#hear(entry, source.proven ? source.origin : entry.origin, source.proven ? now : delta.time, now);
    return true;
  }

  #hear(entry: Entry, origin: string, time: number, now: number): void {
    this.#bytes -= entry.bytes;
    entry.bytes = bytesOfEntry(entry);
    this.#bytes += entry.bytes;
    this.#setHoldings(entry, holdingsOf(entry));
    entry.origin = origin;
    entry.heardAt = Math.max(entry.heardAt, Math.min(now, time));
    entry.lost = false;
  }

  #setHoldings(entry: Entry, holdings: readonly Holding[]): void {
    const before = entry.node.holdings;
    if (sameHoldings(before, holdings)) return;
    entry.node = { ...entry.node, holdings: [...holdings] };
    const ids = new Set(holdings.map(idOfHolding));
    const gone = before.map(idOfHolding).filter((manifest) => !ids.has(manifest));
    this.#unindex(entry.node.id, gone);
    for (const manifest of ids) this.#index(entry.node.id, manifest);
  }

  /** Time of the newest word of a node; undefined where none is known. */
  timeOf(id: string): number | undefined {
    const entry = this.#entries.get(id);
    return entry && newestOf(entry);
  }

  /** Time of a node's announcement; undefined where none is known. */
  baseOf(id: string): number | undefined {
    const entry = this.#entries.get(id);
    return entry && baseOf(entry);
  }

  /** Notes that nodes are connected. */
  touch(ids: readonly string[], now: number): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry) Object.assign(entry, { heardAt: now, lost: false });
    }
  }

  /** Notes that a node's last connection has closed. */
  lose(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry) entry.lost = true;
    return entry !== undefined;
  }

  /** All that were heard of lately. */
  all(now: number): KnownNode[] {
    for (const [id, { heardAt }] of this.#entries) if (now - heardAt > FORGET_MS) this.#forget(id);
    return [...this.#entries.values()].map((entry) => seen(entry, now));
  }

  find(id: string, now: number): KnownNode | undefined {
    const entry = this.#entries.get(id);
    return entry && now - entry.heardAt <= FORGET_MS ? seen(entry, now) : undefined;
  }

  /** The reachable nodes that hold a part of the manifest with this id (hexadecimal). */
  holdersOf(manifest: string, now: number): KnownNode[] {
    const ids = [...(this.#holders.get(manifest) ?? [])];
    return ids.flatMap((id) => this.find(id, now) ?? []).filter(({ reachable }) => reachable);
  }

  /** Ids of at most `count` manifests, those that most nodes hold first. */
  mostHeld(count: number): string[] {
    const [several, single]: [string[], string[]] = [[], []];
    for (const [id, { size }] of this.#holders) {
      if (size > 1) several.push(id);
      else if (single.length < count) single.push(id);
    }
    // Anybody can announce a hundred thousand models that nobody else holds: only the others are sorted.
    several.sort((a, b) => this.#holders.get(b)!.size - this.#holders.get(a)!.size);
    return [...several, ...single].slice(0, count);
  }

  nameOf(id: string): string {
    return this.#entries.get(id)?.node.name ?? cleanText(id.slice(-8), 8);
  }

  /** Whether a node holds a part of a model that this node holds too. */
  sharesModel(id: string): boolean {
    return this.shareModel(this.#selfId, id);
  }

  /** Whether two nodes hold a part of the same model. */
  shareModel(id: string, other: string): boolean {
    const holdings = this.#entries.get(id)?.node.holdings.slice(0, MODELS_SHARED) ?? [];
    return holdings.some((holding) => this.#holders.get(idOfHolding(holding))?.has(other));
  }

  /** What is known and young enough to be told, for a digest. */
  heard(now: number): Heard[] {
    return [...this.#entries.values()]
      .map((entry) => ({ id: entry.node.id, time: newestOf(entry) }))
      .filter(({ time }) => now - time < MOST_AGE_MS);
  }

  /** What may be passed on of a node's last words, to somebody who has what it said until `since`. */
  wordOf(id: string, since?: number): Word | undefined {
    const entry = this.#entries.get(id);
    return entry && wordOf(entry, since);
  }

  /**
   * Words for somebody who has what `digest` says, of at most `room` bytes: what is newer of the nodes in the digest, then other
   * nodes, both at random.
   */
  words(
    digest: Digest,
    {
      room,
      now,
      except,
      random,
      count,
    }: { room: number; now: number; except: string; random: () => number; count: number },
  ): Word[] {
    const ranked: { word: Word; rank: number }[] = [];
    for (const entry of this.#entries.values()) {
      const time = newestOf(entry);
      if (entry.node.id === except || entry.lost || now - time > MOST_AGE_MS / 2) continue;
      const since = digest.timeOf(entry.node.id);
      if (since !== undefined && time < since + 1_000) continue;
      const word = wordOf(entry, since);
      if (word) ranked.push({ word, rank: random() + this.#turn(entry, since) });
    }
    ranked.sort((a, b) => a.rank - b.rank);
    return upTo(
      room,
      ranked.slice(0, 4 * count).map(({ word }) => word),
    ).slice(0, count);
  }

  /** This node comes first, then those that the asker knows. */
  #turn({ node }: Entry, since: number | undefined): number {
    if (node.id === this.#selfId) return -1;
    return since === undefined ? 1 : 0;
  }

  #rank({ node, proven }: Entry): number {
    if (node.id === this.#selfId) return 3;
    return this.#isConnected(node.id) ? 2 : Number(proven);
  }

  #hasMemory(added: number, source: Source): boolean {
    while (this.#bytes + added > MAX_BYTES)
      if (!this.#makeRoom(source) && !this.#takeFromLargest(source, added)) return false;
    return true;
  }

  /**
   * Forgets some of the lowest rank: of the origins that take the most memory among them, those not heard of for longest. A
   * node that nobody here has met takes the place of such only. While they fill less than half of the room, nodes that share a model
   * with this one go last.
   */
  #makeRoom({ proven }: Source): boolean {
    const ranked = [...this.#entries.values()].map((entry) => ({ entry, rank: this.#rank(entry) }));
    const lowest = ranked.reduce((least, { rank }) => Math.min(least, rank), Number.POSITIVE_INFINITY);
    if (lowest > Number(proven)) return false;
    const low = ranked.flatMap(({ entry, rank }) => (rank === lowest ? [entry] : []));
    const others = low.filter(({ node }) => !this.sharesModel(node.id));
    const isCompany = 2 * (low.length - others.length) < this.#capacity() && others.length > 0;
    const candidates = isCompany ? others : low;
    const held = new Map<string, number>();
    for (const { origin, bytes } of candidates) held.set(origin, (held.get(origin) ?? 0) + bytes);
    candidates.sort((a, b) => held.get(b.origin)! - held.get(a.origin)! || a.heardAt - b.heardAt);
    let freed = 0;
    const atOnce = Math.ceil(Math.min(this.#capacity(), MAX_NODES / 4) * FORGOTTEN_AT_ONCE);
    for (const { node, bytes } of candidates.slice(0, atOnce)) {
      if (freed >= MAX_BYTES * FORGOTTEN_AT_ONCE) break;
      this.#forget(node.id);
      freed += bytes;
    }
    return true;
  }

  /** Makes room for a node that has been met: of connected ones, the origin with most memory gives up its largest. */
  #takeFromLargest({ proven, origin }: Source, added: number): boolean {
    const held = new Map<string, number>();
    const entries = [...this.#entries.values()].filter(({ node }) => node.id !== this.#selfId);
    for (const entry of entries) held.set(entry.origin, (held.get(entry.origin) ?? 0) + entry.bytes);
    const [most] = [...held].sort(([, a], [, b]) => b - a);
    if (!proven || !most || most[1] < 2 * ((held.get(origin) ?? 0) + added)) return false;
    const [largest] = entries.filter((entry) => entry.origin === most[0]).sort((a, b) => b.bytes - a.bytes);
    this.#forget(largest!.node.id);
    return true;
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
    this.#unindex(id, entry.node.holdings.map(idOfHolding));
  }

  #index(id: string, manifest: string): void {
    const holders = this.#holders.get(manifest) ?? new Set();
    this.#holders.set(manifest, holders.add(id));
  }

  #unindex(id: string, manifests: readonly string[]): void {
    for (const manifest of manifests) {
      const holders = this.#holders.get(manifest);
      holders?.delete(id);
      if (holders?.size === 0) this.#holders.delete(manifest);
    }
  }
}

/** `time`: of what was said; `freshAt`: of the newest word of who said it. */
const isBelievable = (time: number, freshAt: number, now: number): boolean =>
  time <= freshAt && freshAt <= now + CLOCK_SKEW_MS && freshAt >= now - MOST_AGE_MS;

/** The first of the words that fit into `room` bytes, leaving out those that do not. */
export function upTo(room: number, words: readonly Word[]): Word[] {
  let left = room;
  return words.filter((word) => {
    const size = sizeOf(word);
    if (size > left) return false;
    left -= size;
    return true;
  });
}
