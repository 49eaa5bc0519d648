import { DUPLICATE_MS } from './constants.ts';
import type { Peer } from './peer.ts';

/**
 * Of two connections to one host under one peer id, the one that carried less; the side with the smaller id closes it. Only
 * after `DUPLICATE_MS`, and only once one has carried data: a peer that claims another's id must not be able to keep it
 * out.
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
