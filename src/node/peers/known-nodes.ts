import { cleanText, equalBytes, toHex } from '#base';
import { dialableOnly, type Scope } from '#network';
import {
  type Announcement,
  CLOCK_SKEW_MS,
  type Description,
  FORGET_MS,
  type Holding,
  LEAST_APART_MS,
  MAX_NAME,
  MOST_AGE_MS,
  type SealedAnnouncement,
  SILENCE_MS,
} from './announcement.ts';

const MAX_NODES = 4096;
/** Memory for all nodes together: each may announce a thousand models, and with pages of 16 KiB. */
const MAX_BYTES = 32 << 20;
/** Memory of a node, of a page and of a holding, beside the sealed bytes: objects, index, hexadecimal id. */
const NODE_BYTES = 2048;
const PAGE_BYTES = 512;
const HOLDING_BYTES = 512;
/** Nodes, or memory, given up at once to make room, since finding them takes a look at every node. */
const FORGOTTEN_AT_ONCE = 64;
const FREED_AT_ONCE = MAX_BYTES / 16;

export interface KnownNode extends Description {
  readonly reachable: boolean;
  readonly lastSeen: number;
  /** The scope of who told its addresses. */
  readonly learntFrom: Scope;
  /** The address that told of it: its own where it is or was connected, which is more than it can claim. */
  readonly origin: string;
}

/** Who told of a node, and what of that is known for certain. */
export interface Source {
  /** The node itself said so, over a connection of its own. */
  readonly proven: boolean;
  /** Tellers of one origin share an address. */
  readonly origin: string;
  readonly scope: Scope;
}

interface Page {
  readonly time: number;
  /** Undefined where it must not be passed on. */
  readonly sealed: SealedAnnouncement | undefined;
  readonly holdings: readonly Holding[];
  readonly bytes: number;
}

interface Entry {
  /** Memory that it takes. */
  bytes: number;
  node: Omit<KnownNode, 'reachable' | 'lastSeen' | 'origin'>;
  readonly pages: Map<number, Page>;
  origin: string;
  proven: boolean;
  /** By our own clock. */
  heardAt: number;
  /** Its last connection to us has closed since we heard of it. */
  lost: boolean;
}

/** The announced nodes, indexed by the manifests that they hold. Bounded; when full, keeps those that matter most to this node. */
export class KnownNodes {
  readonly #selfId: string;
  readonly #isConnected: (id: string) => boolean;
  readonly #entries = new Map<string, Entry>();
  /** Manifest id, hexadecimal → node ids. */
  readonly #holders = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(options: { selfId: string }, dependencies: { isConnected: (id: string) => boolean }) {
    this.#selfId = options.selfId;
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

  /** Whether an announcement is news that may be believed: neither old nor ahead of time, nor too soon after the last one. */
  isNews({ id, page, time }: Announcement, now: number): boolean {
    if (time > now + CLOCK_SKEW_MS || time < now - MOST_AGE_MS) return false;
    const known = this.#entries.get(id)?.pages.get(page);
    return !known || time >= known.time + LEAST_APART_MS;
  }

  /** Takes in one page of what a node says; false where there is no room for a node that nobody here has met. */
  learn(announcement: Announcement, sealed: SealedAnnouncement, source: Source, now: number): boolean {
    const { id, page, pages, time } = announcement;
    const known = this.#entries.get(id);
    const bytes = PAGE_BYTES + sealed.sealed.length + HOLDING_BYTES * announcement.holdings.length;
    const added = (known ? 0 : NODE_BYTES) + bytes - (known?.pages.get(page)?.bytes ?? 0);
    if (!known && this.#entries.size >= MAX_NODES && !this.#makeRoom(source)) return false;
    while (this.#bytes + added > MAX_BYTES)
      if (!this.#makeRoom(source) && !this.#takeFromLargest(source, added)) return false;
    // It may have been forgotten itself.
    if (known && !this.#entries.has(id)) return false;
    const entry = known ?? newEntry(announcement, source, now);
    this.#entries.set(id, entry);
    const before = entry.node.holdings;
    const held = entry.pages.get(page)?.holdings ?? [];
    const holdings = sameHoldings(held, announcement.holdings) ? held : announcement.holdings;
    const told = mayPassOn(announcement, source.scope) ? sealed : undefined;
    entry.pages.set(page, { time, sealed: told, holdings, bytes });
    const gone = [...held];
    for (const [other, { holdings: dropped }] of entry.pages) {
      if (other < pages) continue;
      gone.push(...dropped);
      entry.pages.delete(other);
    }
    this.#account(entry);
    const all = pages === 1 ? holdings : [...entry.pages.values()].flatMap((one) => one.holdings);
    entry.proven ||= source.proven;
    // An address is worth what the nearest who told it is: a node's own word over its own connection comes first.
    const learntFrom = source.proven || !entry.proven ? source.scope : entry.node.learntFrom;
    entry.node = describe(announcement, sameHoldings(before, all) ? before : [...all], learntFrom);
    if (entry.node.holdings !== before) {
      const ids = new Set(all.map(idOfHolding));
      this.#unindex(
        id,
        gone.map(idOfHolding).filter((manifest) => !ids.has(manifest)),
      );
      for (const manifest of holdings.map(idOfHolding)) this.#index(id, manifest);
    }
    Object.assign(entry, {
      heardAt: now,
      lost: false,
      origin: known && !source.proven ? entry.origin : source.origin,
    });
    return true;
  }

  /** What may be passed on of what a node said last. */
  lastWordOf(id: string): SealedAnnouncement[] {
    return [...(this.#entries.get(id)?.pages.values() ?? [])]
      .flatMap(({ sealed }) => sealed ?? [])
      .slice(0, 1);
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

  /** At most `count` announcements that are young enough to be believed: of connected and of proven nodes, then of others. */
  toTell(count: number, now: number): SealedAnnouncement[] {
    const young = [...this.#entries.values()].filter(({ pages }) =>
      [...pages.values()].some(({ time }) => time > now - MOST_AGE_MS / 2),
    );
    const ranked = young.sort((a, b) => this.#rank(b) - this.#rank(a) || b.heardAt - a.heardAt);
    return ranked
      .flatMap(({ pages }) => [...pages.values()].flatMap(({ sealed }) => sealed ?? []))
      .slice(0, count);
  }

  #rank({ node, proven }: Entry): number {
    if (node.id === this.#selfId) return 3;
    return this.#isConnected(node.id) ? 2 : Number(proven);
  }

  #account(entry: Entry): void {
    this.#bytes -= entry.bytes;
    entry.bytes = [...entry.pages.values()].reduce((sum, { bytes }) => sum + bytes, NODE_BYTES);
    this.#bytes += entry.bytes;
  }

  /**
   * Forgets some of the lowest rank: of the origins that take the most memory among them, those not heard of for longest. A
   * node that nobody here has met takes the place of such only.
   */
  #makeRoom({ proven }: Source): boolean {
    const ranked = [...this.#entries.values()].map((entry) => ({ entry, rank: this.#rank(entry) }));
    const lowest = ranked.reduce((least, { rank }) => Math.min(least, rank), Number.POSITIVE_INFINITY);
    if (lowest > Number(proven)) return false;
    const candidates = ranked.flatMap(({ entry, rank }) => (rank === lowest ? [entry] : []));
    const held = new Map<string, number>();
    for (const { origin, bytes } of candidates) held.set(origin, (held.get(origin) ?? 0) + bytes);
    candidates.sort((a, b) => held.get(b.origin)! - held.get(a.origin)! || a.heardAt - b.heardAt);
    let freed = 0;
    for (const { node, bytes } of candidates.slice(0, FORGOTTEN_AT_ONCE)) {
      if (freed >= FREED_AT_ONCE) break;
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

const manifestIds = new WeakMap<Uint8Array, string>();

/** The manifest's id, hexadecimal, made once for each announcement that changes. */
export function idOfHolding({ manifest }: Pick<Holding, 'manifest'>): string {
  const known = manifestIds.get(manifest);
  if (known !== undefined) return known;
  const id = toHex(manifest);
  manifestIds.set(manifest, id);
  return id;
}

/**
 * Whether what was told from `scope` may be told to others: only where all of its addresses may be dialled here. What a distant
 * node says of near addresses means other machines to those who would hear it from us, and believe us.
 */
export const mayPassOn = ({ id, addresses }: Announcement, scope: Scope): boolean =>
  addresses.every((address) => dialableOnly([address], scope, id).length > 0);

const newEntry = (announcement: Announcement, { origin, scope }: Source, now: number): Entry => ({
  bytes: 0,
  node: describe(announcement, [], scope),
  pages: new Map(),
  origin,
  proven: false,
  heardAt: now,
  lost: false,
});

const seen = ({ node, origin, heardAt, lost }: Entry, now: number): KnownNode => ({
  ...node,
  origin,
  lastSeen: heardAt,
  reachable: !lost && now - heardAt < SILENCE_MS,
});

/** What is kept of an announcement: a name that can be shown, and addresses that may be dialled. */
function describe(
  { page: _page, pages: _pages, ...node }: Announcement,
  holdings: readonly Holding[],
  learntFrom: Scope,
): Entry['node'] {
  return {
    ...node,
    name: cleanText(node.name, MAX_NAME) || node.id.slice(-8),
    addresses: dialableOnly(node.addresses, learntFrom, node.id),
    holdings: holdings as Holding[],
    learntFrom,
  };
}

const sameHoldings = (a: readonly Holding[], b: readonly Holding[]): boolean =>
  a === b ||
  (a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]!;
      return (
        one.bytesHave === other.bytesHave &&
        one.bytesTotal === other.bytesTotal &&
        one.blocks?.[0] === other.blocks?.[0] &&
        one.blocks?.[1] === other.blocks?.[1] &&
        equalBytes(one.manifest, other.manifest)
      );
    }));
