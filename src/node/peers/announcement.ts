import { BitorchError, cleanText, toHex, z, zBytes, zBytesUpTo, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { publicKeyOf, type Scope, scopeOfAddress } from '#network';

export const NODES_PROTOCOL = '/bitorch/node/nodes/4';
export const NEWS_PROTOCOL = '/bitorch/node/news/1';
export const HOLDERS_PROTOCOL = '/bitorch/node/holders/1';
/** A node without changes signs again after this long, in ms. */
export const BEAT_MS = 240_000;
/** A complete announcement is signed again after this long, in ms. */
export const WHOLE_MS = 3_600_000;
/** Minimum time between two announcements of a node, in ms; earlier ones are ignored. */
export const LEAST_APART_MS = 200;
/**
 * Maximum age of an announcement or delta, in ms. A node that is not connected counts as unreachable when its newest
 * one is older.
 */
export const MOST_AGE_MS = 600_000;
/** An unreachable node is forgotten after this long, in ms. */
export const FORGET_MS = 3_600_000;
/** Tolerated clock difference, in ms. */
export const CLOCK_SKEW_MS = 120_000;

export const MAX_NAME = 64;
const MAX_BYTES = 16 << 10;
const MAX_ADDRESSES = 16;
const HOLDINGS_OF_PAGE = 64;
const MAX_PAGES = 16;
/** Of a delta, each: holdings that are new or different, and manifests that are gone. */
export const MAX_CHANGES = 32;

const holdingSchema = z.strictObject({
  manifest: zBytes(32),
  bytesHave: zCount,
  bytesTotal: zCount,
  /** Blocks [first, end) that the node runs now; null: none. */
  blocks: z.tuple([zCount, zCount]).nullable(),
});

const announcementSchema = z
  .strictObject({
    id: z.string().max(128),
    name: z.string().min(1).max(MAX_NAME),
    roles: z.array(z.enum(['seed', 'run', 'audit', 'client', 'validate', 'security'])).max(8),
    addresses: z.array(z.string().max(256)).max(MAX_ADDRESSES),
    /** Milliseconds since epoch, the same on all pages; the newest of a page counts. */
    time: zCount,
    /** Whether it re-executes other stages' work. */
    audits: z.boolean(),
    /** Consensus key of the node's validator; null: none. */
    validator: zBytes(32).nullable(),
    /** Where BitTorrent peers reach it. */
    swarmPort: z.number().int().min(0).max(65_535),
    /** Of this page. */
    holdings: z.array(holdingSchema).max(HOLDINGS_OF_PAGE),
    /** What does not fit on one page is on others. */
    page: zCount,
    pages: z.number().int().min(1).max(MAX_PAGES),
  })
  .refine(({ page, pages }) => page < pages, 'a page beyond the last');

/** One page of a node's announcement; the pages differ only in their holdings. */
export type Announcement = z.infer<typeof announcementSchema>;
export type Holding = z.infer<typeof holdingSchema>;
/** A node's whole self-description. */
export type Description = Omit<Announcement, 'page' | 'pages'>;

const deltaSchema = z.strictObject({
  /** `time` of the announcement that it changes. */
  base: zCount,
  time: zCount,
  /** All holdings that differ from the announcement's. */
  changed: z.array(holdingSchema).max(MAX_CHANGES),
  /** Manifests that the node holds no longer. */
  gone: z.array(zBytes(32)).max(MAX_CHANGES),
});

/** All changes since a node's announcement; the newest delta replaces earlier ones. */
export type Delta = z.infer<typeof deltaSchema>;

/** A page with its node's signature, as relayed. */
export interface SealedAnnouncement {
  readonly id: string;
  readonly sealed: Uint8Array;
}

/** What a node said last, with its signatures, as relayed. No pages where the receiver has them. */
export const wordSchema = z.strictObject({
  id: z.string().max(128),
  pages: z.array(zBytesUpTo(MAX_BYTES)).max(MAX_PAGES),
  delta: zBytesUpTo(MAX_BYTES).nullable(),
});
export type Word = z.infer<typeof wordSchema>;

/** Bytes of a word in a message. */
export const sizeOf = ({ id, pages, delta }: Word): number =>
  id.length + 32 + pages.reduce((sum, { length }) => sum + length + 3, delta?.length ?? 0);

/**
 * What a node says of itself, cut to what others take: the first sixteen addresses, 1,024 holdings, first of all those that
 * it runs.
 */
export function pagesOf(node: Description): Announcement[] {
  const holdings = [
    ...node.holdings.filter(({ blocks }) => blocks),
    ...node.holdings.filter(({ blocks }) => !blocks),
  ];
  const pages = Math.min(MAX_PAGES, Math.max(1, Math.ceil(holdings.length / HOLDINGS_OF_PAGE)));
  return Array.from({ length: pages }, (_, page) => ({
    ...node,
    name: cleanText(node.name, MAX_NAME) || node.id.slice(-8),
    addresses: node.addresses.slice(0, MAX_ADDRESSES),
    holdings: holdings.slice(page * HOLDINGS_OF_PAGE, (page + 1) * HOLDINGS_OF_PAGE),
    page,
    pages,
  }));
}

/**
 * The addresses that this node announces: those of the widest scope that it has or can reach. An address of a narrower
 * scope denotes another machine to distant nodes, so they must not dial it.
 */
export function addressesToTell(own: readonly string[], reached: readonly Scope[]): string[] {
  const order: Scope[] = ['public', 'private', 'link-local', 'loopback'];
  const dialables = own.map((address) => ({ address, scope: scopeOfAddress(address) }));
  const widest = order.find(
    (scope) => reached.includes(scope) || dialables.some((one) => one.scope === scope),
  );
  return dialables.filter(({ scope }) => scope === widest).map(({ address }) => address);
}

/** A node's holdings after a delta. */
export function afterDelta(holdings: readonly Holding[], { changed, gone }: Delta): Holding[] {
  const isOther = new Set([...changed.map(({ manifest }) => toHex(manifest)), ...gone.map(toHex)]);
  return [...holdings.filter(({ manifest }) => !isOther.has(toHex(manifest))), ...changed];
}

export const sealDelta = (delta: Delta, key: SigningKey): Uint8Array =>
  sealSigned('announcement-delta', delta, key);

/** Throws SIGNATURE_INVALID, and the errors of decoding. */
export const openDelta = (id: string, sealed: Uint8Array): Delta =>
  openSigned('announcement-delta', deltaSchema, sealed, publicKeyOf(id), MAX_BYTES);

export const sealAnnouncement = (announcement: Announcement, key: SigningKey): SealedAnnouncement => ({
  id: announcement.id,
  sealed: sealSigned('announcement', announcement, key),
});

/** Throws SIGNATURE_INVALID, ANNOUNCEMENT_INVALID when it is for another node's id, and the errors of decoding. */
export function openAnnouncement({ id, sealed }: SealedAnnouncement): Announcement {
  const announcement = openSigned('announcement', announcementSchema, sealed, publicKeyOf(id), MAX_BYTES);
  if (announcement.id !== id)
    throw new BitorchError('ANNOUNCEMENT_INVALID', 'a node signs what it says of itself, and nothing else');
  return announcement;
}
