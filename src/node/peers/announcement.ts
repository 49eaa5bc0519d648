import { BitorchError, cleanText, z, zBytes, zBytesUpTo, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { publicKeyOf, type Scope, scopeOfAddress } from '#network';

export const ANNOUNCE_TOPIC = '/bitorch/node/announce/3';
export const NODES_PROTOCOL = '/bitorch/node/nodes/3';
/** Interval of a node's announcements, in ms; a change is announced sooner. */
export const ANNOUNCE_INTERVAL_MS = 15_000;
/** Minimum time between two announcements of a node, in ms; earlier ones are ignored. */
export const LEAST_APART_MS = 200;
/** Maximum age of an announcement, in ms: the node of an older one may be long gone. */
export const MOST_AGE_MS = 300_000;
/** A node without announcements for this long, in ms, counts as unreachable. */
export const SILENCE_MS = 50_000;
/** An unreachable node is forgotten after this long, in ms. */
export const FORGET_MS = 3_600_000;
/** Tolerated clock difference, in ms. */
export const CLOCK_SKEW_MS = 120_000;

export const MAX_NAME = 64;
const MAX_BYTES = 16 << 10;
const MAX_ADDRESSES = 16;
const HOLDINGS_OF_PAGE = 64;
export const MAX_PAGES = 16;

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

/** An announcement with its node's signature, as relayed. */
export const sealedAnnouncementSchema = z.strictObject({
  id: z.string().max(128),
  sealed: zBytesUpTo(MAX_BYTES),
});
export type SealedAnnouncement = z.infer<typeof sealedAnnouncementSchema>;

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
 * Those of a node's own addresses that it tells others: of the widest scope alone that it has itself or reaches. A narrower
 * one means another machine to whoever hears of it from afar, so nobody may dial it.
 */
export function addressesToTell(own: readonly string[], reached: readonly Scope[]): string[] {
  const order: Scope[] = ['public', 'private', 'link-local', 'loopback'];
  const dialables = own.map((address) => ({ address, scope: scopeOfAddress(address) }));
  const widest = order.find(
    (scope) => reached.includes(scope) || dialables.some((one) => one.scope === scope),
  );
  return dialables.filter(({ scope }) => scope === widest).map(({ address }) => address);
}

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
