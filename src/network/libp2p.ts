import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { type GossipSub, gossipsub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { Libp2p, PeerId } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import type { Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { SigningKey } from '#crypto';
import { MAX_CONNECTIONS } from './connection-limits.ts';
import { Nearness } from './connections.ts';
import { dialableOnly } from './dialable.ts';
import { GOSSIP_OPTIONS } from './gossip-options.ts';

/** From one address: all nodes of a household or of a machine have the same one, and libp2p's own 5 cut them off. */
const CONNECTIONS_PER_SECOND = 50;

export type Libp2pNode = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

/** libp2p as this network runs it: TCP, noise, yamux, identify and GossipSub. `listen`: multiaddrs. */
export async function startLibp2p(key: SigningKey, listen: readonly string[]): Promise<Libp2pNode> {
  const nearness = new Nearness();
  /** What identify learns is kept only of addresses that the peer may tell us. */
  const filterMultiaddrForPeer = (peer: PeerId, address: Multiaddr) =>
    dialableOnly([address.toString()], nearness.of(libp2p, peer)).length > 0;
  const libp2p: Libp2pNode = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', key.seed),
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false, filterMultiaddrForPeer },
    connectionManager: {
      // More than are kept, so that a newcomer is weighed against the others instead of turned away.
      maxConnections: 2 * MAX_CONNECTIONS,
      inboundConnectionThreshold: CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: CONNECTIONS_PER_SECOND,
    },
    services: {
      // More than libp2p's own one, so that who asks again does not spoil what is under way.
      identify: identify({ maxInboundStreams: 4, maxOutboundStreams: 4 }),
      pubsub: gossipsub(GOSSIP_OPTIONS),
    },
  });
  libp2p.addEventListener('connection:open', ({ detail }) => nearness.note(libp2p, detail.remotePeer));
  return libp2p;
}
