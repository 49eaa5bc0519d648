import { BitorchError } from '#base';
import type { PeerAddress } from '#network';

/** A node's offer to run blocks [first, end) of a model. */
export interface StageOffer extends PeerAddress {
  readonly name: string;
  readonly first: number;
  readonly end: number;
  readonly reachable: boolean;
  /** Reached only through a relay, as far as is known: each way to it takes two legs instead of one. */
  readonly relayed?: boolean;
}

/**
 * Plans a chain of stages that covers blocks [0, layers) with few hops. At each block it takes, among the reachable offers with
 * the lowest `avoidance` (by peer id), the one that runs the most blocks a leg, direct ones first where that is equal; each
 * stage starts where the previous one ends. Offers of blocks outside the model are ignored. Throws BLOCKS_MISSING, which names the missing blocks and the unreachable nodes that
 * offered them.
 */
export function planRoute(
  layers: number,
  all: readonly StageOffer[],
  avoidance: (id: string) => number = () => 0,
): StageOffer[] {
  const offers = all.filter(({ first, end }) => areBlocks(first, end, layers));
  const route: StageOffer[] = [];
  for (let block = 0; block < layers; ) {
    const [best] = offers
      .filter((offer) => offer.reachable && offer.first <= block && offer.end > block)
      .toSorted(
        (a, b) =>
          avoidance(a.id) - avoidance(b.id) ||
          (b.end - block) / legsTo(b) - (a.end - block) / legsTo(a) ||
          legsTo(a) - legsTo(b),
      );
    if (!best) throw missing(block, layers, offers);
    route.push({ ...best, first: block });
    block = best.end;
  }
  return route;
}

const legsTo = ({ relayed = false }: StageOffer): number => (relayed ? 2 : 1);

/** Whether [first, end) is a valid range of blocks for a model with `layers` layers. Announcements are untrusted. */
export const areBlocks = (first: number, end: number, layers: number): boolean =>
  first >= 0 && first < end && end <= layers;

function missing(block: number, layers: number, offers: readonly StageOffer[]): BitorchError {
  const later = offers.filter((offer) => offer.reachable && offer.first > block).map((offer) => offer.first);
  const end = Math.min(layers, ...later);
  const lost = offers.filter((offer) => !offer.reachable && offer.first < end && offer.end > block);
  const who = lost.map(({ name, first, end }) => `${name} (blocks ${first}–${end - 1})`).join(', ');
  const message =
    lost.length > 0 ? `${who} cannot be reached and no other node runs its blocks` : 'no node runs them';
  return new BitorchError('BLOCKS_MISSING', `blocks ${block}–${end - 1} are missing: ${message}`, {
    block,
    end,
    lost: lost.map(({ id, name }) => ({ id, name })),
  });
}
