import { toHex } from '#base';
import type { Model } from '../models/library.ts';

/** Of the room for examined models, what one publisher's may take while others' are there. */
const PUBLISHERS_SHARE = 4;

type Held = Pick<Model, 'id' | 'manifest' | 'metainfo'> & {
  readonly torrent: Pick<Model['torrent'], 'peers'>;
};

/** What would have to go, or why a model has no place. */
export type QuotaAnswer<T> =
  | { readonly fits: true; readonly evict: readonly T[] }
  | { readonly fits: false; readonly reason: string };

const bytesOf = (models: readonly Held[]): number =>
  models.reduce((sum, { metainfo }) => sum + metainfo.length, 0);

/**
 * Whether a model that is to be examined may take its bytes on disk beside `held`, those that were fetched before: all of
 * them together stay within `limit` bytes, those of one publisher within a quarter of it unless it is their only one.
 * `isCleared`: those that are kept to be seeded only; they make room, the least used first.
 */
export function fitIntoQuota<T extends Held>(
  model: Held,
  held: readonly T[],
  { limit, isCleared }: { limit: number; isCleared: (id: string) => boolean },
): QuotaAnswer<T> {
  const others = held.filter(({ id }) => id !== model.id);
  const size = model.metainfo.length;
  if (size > limit)
    return { fits: false, reason: `it has ${size} bytes, more than the ${limit} reserved for examinations` };
  const publisher = toHex(model.manifest.publisher);
  const waiting = others.filter(({ id }) => !isCleared(id));
  const ofPublisher = waiting.filter(({ manifest }) => toHex(manifest.publisher) === publisher);
  if (ofPublisher.length > 0 && bytesOf(ofPublisher) + size > limit / PUBLISHERS_SHARE)
    return { fits: false, reason: 'other models of its publisher are waiting to be examined' };
  const evict: T[] = [];
  const cleared = others.filter(({ id }) => isCleared(id)).sort((a, b) => uploaded(a) - uploaded(b));
  let free = limit - bytesOf(others) - size;
  for (const oldest of cleared) {
    if (free >= 0) break;
    evict.push(oldest);
    free += oldest.metainfo.length;
  }
  return free >= 0
    ? { fits: true, evict }
    : { fits: false, reason: 'models under examination use all of the disk space' };
}

/** Bytes that this node has given to others: the use of a model that nobody can only claim. */
const uploaded = ({ torrent }: Held): number => torrent.peers().reduce((sum, peer) => sum + peer.uploaded, 0);
