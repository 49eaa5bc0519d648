import type { GossipSub } from '@libp2p/gossipsub';
import type { Identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';

/** A node of libp2p with the services that every host has. */
export type Libp2pNode = Libp2p<{ identify: Identify; pubsub: GossipSub }>;
