import { cleanText } from '#base';
import { dialableOnly, type Scope } from '#network';
import {
  type Announcement,
  afterDelta,
  type Delta,
  type Description,
  type Holding,
  MAX_NAME,
  MOST_AGE_MS,
  type Word,
} from './announcement.ts';

/** Memory of a node, of a page or delta and of a holding, beside the sealed bytes: objects, index, hexadecimal id. */
const NODE_BYTES = 2048;
const PAGE_BYTES = 512;
const HOLDING_BYTES = 512;

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
  /** Received from the node itself, over its own connection. */
  readonly proven: boolean;
  /** Tellers of one origin share an address. */
  readonly origin: string;
  readonly scope: Scope;
}

export interface Page {
  readonly time: number;
  /** Undefined where it must not be passed on. */
  readonly sealed: Uint8Array | undefined;
  readonly holdings: readonly Holding[];
  readonly bytes: number;
}

/** What is kept of a node. */
export interface Entry {
  /** Memory that it takes. */
  bytes: number;
  node: Omit<KnownNode, 'reachable' | 'lastSeen' | 'origin'>;
  readonly pages: Map<number, Page>;
  delta: { readonly delta: Delta; readonly sealed: Uint8Array; readonly bytes: number } | undefined;
  origin: string;
  proven: boolean;
  /** By our own clock. */
  heardAt: number;
  /** Its last connection to this node has closed since it was last heard of. */
  lost: boolean;
}

export const newEntry = (announcement: Announcement, { origin, scope }: Source): Entry => ({
  bytes: 0,
  node: describe(announcement, [], scope),
  pages: new Map(),
  delta: undefined,
  origin,
  proven: false,
  heardAt: Number.NEGATIVE_INFINITY,
  lost: false,
});

/** Memory that a page or delta takes. */
export const bytesOfPart = (sealed: Uint8Array, holdings: number): number =>
  PAGE_BYTES + sealed.length + HOLDING_BYTES * holdings;

export const bytesOfEntry = ({ pages, delta }: Entry): number =>
  [...pages.values()].reduce((sum, { bytes }) => sum + bytes, NODE_BYTES + (delta?.bytes ?? 0));

/** Additional memory for a node that was not known. */
export const NEW_ENTRY_BYTES = NODE_BYTES;

/** Time of the announcement, and of the newest of announcement and delta; 0 when there is none. */
export const baseOf = ({ pages }: Entry): number =>
  [...pages.values()].reduce((newest, { time }) => Math.max(newest, time), 0);
export const newestOf = (entry: Entry): number => entry.delta?.delta.time ?? baseOf(entry);

export const holdingsOf = ({ pages, delta }: Entry): readonly Holding[] => {
  const all =
    pages.size === 1
      ? [...pages.values()][0]!.holdings
      : [...pages.values()].flatMap(({ holdings }) => holdings);
  return delta && delta.delta.changed.length + delta.delta.gone.length > 0
    ? afterDelta(all, delta.delta)
    : all;
};

/** What may be passed on of what a node said last, to somebody who has what it said until `since`; undefined where nothing may. */
export function wordOf({ node: { id }, pages, delta }: Entry, since: number | undefined): Word | undefined {
  const all = [...pages.values()];
  const sealed = all.flatMap((page) => page.sealed ?? []);
  if (sealed.length < all.length || all.length === 0) return undefined;
  // A node with anything newer than the announcement has the announcement too, except in the last second.
  const hasBase = since !== undefined && all.every(({ time }) => since >= time);
  return { id, pages: hasBase ? [] : sealed, delta: delta?.sealed ?? null };
}

export const seen = ({ node, origin, heardAt, lost }: Entry, now: number): KnownNode => ({
  ...node,
  origin,
  lastSeen: heardAt,
  reachable: !lost && now - heardAt < MOST_AGE_MS,
});

/** What is kept of an announcement: a name that can be shown, and addresses that may be dialled. */
export function describe(
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

/**
 * Whether what was told from `scope` may be told to others: only where all of its addresses may be dialled here. What a distant
 * node says of near addresses means other machines to those who would hear it from us, and believe us.
 */
export const mayPassOn = ({ id, addresses }: Announcement, scope: Scope): boolean =>
  addresses.every((address) => dialableOnly([address], scope, id).length > 0);
