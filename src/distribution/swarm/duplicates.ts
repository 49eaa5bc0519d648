import { DUPLICATE_MS } from './constants.ts';
import type { Peer } from './peer.ts';

/**
 * Of two connections with one host under one peer id, the one that carries less; the side of the smaller id closes it. Not
 * at once, and not before one of them has carried something: whoever claims the id of another must not keep it out.
 */
export function lesserDuplicates(peers: Iterable<Peer>, selfId: string, now: number): Peer[] {
  const kept = new Map<string, Peer>();
  const lesser: Peer[] = [];
  for (const peer of peers) {
    const name = `${peer.id} ${peer.network}`;
    const other = kept.get(name);
    const better = other && carried(other) >= carried(peer) ? other : peer;
    kept.set(name, better);
    if (!other || selfId > peer.id || carried(better) === 0) continue;
    const isSettled = now - Math.max(other.openedAt, peer.openedAt) > DUPLICATE_MS;
    if (isSettled) lesser.push(better === other ? peer : other);
  }
  return lesser;
}

const carried = ({ downloaded, uploaded }: Peer): number => downloaded + uploaded;
