import { z, zBytes, zBytesUpTo, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { publicKeyOf } from '#network';

export const ANNOUNCE_TOPIC = '/bitorch/node/announce/1';
export const NODES_PROTOCOL = '/bitorch/node/nodes/1';
/** A node says that it lives this often, and at once when something changed. */
export const ANNOUNCE_INTERVAL_MS = 5_000;
/** A node that was silent for this long counts as unreachable. */
export const SILENCE_MS = 20_000;
/** An unreachable node is forgotten after this long. */
export const FORGET_MS = 3_600_000;
/** Clocks may differ by this much. */
export const CLOCK_SKEW_MS = 120_000;

const MAX_BYTES = 16 << 10;

const holdingSchema = z.strictObject({
  manifest: zBytes(32),
  bytesHave: zCount,
  bytesTotal: zCount,
  /** Blocks [first, end) that this node runs now; null: none. */
  blocks: z.tuple([zCount, zCount]).nullable(),
});

const announcementSchema = z.strictObject({
  id: z.string().max(128),
  name: z.string().min(1).max(64),
  roles: z.array(z.enum(['seed', 'run', 'audit', 'client', 'validate', 'security'])).max(8),
  addresses: z.array(z.string().max(256)).max(16),
  /** Milliseconds since epoch; the newest announcement of a node counts. */
  time: zCount,
  /** Whether it re-executes other stages' work. */
  audits: z.boolean(),
  /** Consensus key of the validator that it runs; null: none. */
  validator: zBytes(32).nullable(),
  /** Where BitTorrent peers reach it. */
  swarmPort: z.number().int().min(0).max(65_535),
  holdings: z.array(holdingSchema).max(64),
});

/** What a node says of itself. */
export type Announcement = z.infer<typeof announcementSchema>;
export type Holding = z.infer<typeof holdingSchema>;

/** An announcement and its node's signature, as it is passed on. */
export const sealedAnnouncementSchema = z.strictObject({
  id: z.string().max(128),
  sealed: zBytesUpTo(MAX_BYTES),
});
export type SealedAnnouncement = z.infer<typeof sealedAnnouncementSchema>;

export const sealAnnouncement = (announcement: Announcement, key: SigningKey): SealedAnnouncement => ({
  id: announcement.id,
  sealed: sealSigned('announcement', announcement, key),
});

/** Throws SIGNATURE_INVALID and the errors of decoding; also when it is signed for another node's id. */
export function openAnnouncement({ id, sealed }: SealedAnnouncement): Announcement {
  return openSigned(
    'announcement',
    announcementSchema.refine((a) => a.id === id),
    sealed,
    publicKeyOf(id),
    MAX_BYTES,
  );
}
