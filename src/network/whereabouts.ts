import type { PeerId } from '@libp2p/interface';
import { BitorchError, messageOf } from '#base';
import type { Libp2pNode } from './libp2p-node.ts';

/** The addresses where a connected peer listens, by identify if unknown; may be empty. Throws PEER_UNREACHABLE. */
export async function listenAddressesOf(
  libp2p: Libp2pNode,
  peer: PeerId,
  signal: AbortSignal,
): Promise<string[]> {
  const known = async () => {
    const found = await libp2p.peerStore.get(peer).catch(() => undefined);
    return (found?.addresses ?? []).map(({ multiaddr }) => multiaddr.toString());
  };
  const [connection] = libp2p.getConnections(peer);
  const before = await known();
  if (before.length > 0 || !connection) return before;
  try {
    await libp2p.services.identify.identify(connection, { signal });
  } catch (error) {
    const reason = `${peer} does not report where it listens: ${messageOf(error)}`;
    throw new BitorchError('PEER_UNREACHABLE', reason, { peer: peer.toString() }, error);
  }
  return known();
}
