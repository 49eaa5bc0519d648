import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { PeerId } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import type { Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { BitorchError } from '#base';
import type { SigningKey } from '#crypto';
import { MAX_CONNECTIONS } from './connection-places.ts';
import { PeerScopes } from './connections.ts';
import { dialableOnly } from './dialable.ts';
import { GOSSIP_OPTIONS } from './gossip-options.ts';
import type { Libp2pNode } from './libp2p-node.ts';
import type { Reach } from './reach/reach.ts';

/**
 * Inbound connections per second from one address. All nodes of a household share an address, so libp2p's default of 5
 * would cut them off.
 */
const CONNECTIONS_PER_SECOND = 50;

/** Certificate and key for WebSocket with TLS, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * Starts libp2p with TCP, Noise, Yamux, identify and GossipSub, and with what `reach` adds: relays, hole punching and the
 * addresses to announce. `listen`: multiaddrs; with /ws or /tls/ws at the end, for WebSocket, which browsers can dial.
 * Throws LISTEN_FAILED.
 */
export async function startLibp2p(
  key: SigningKey,
  listen: readonly string[],
  { reach, tls }: { reach?: Reach | undefined; tls?: TlsFiles | undefined } = {},
): Promise<Libp2pNode> {
  const scopes = new PeerScopes();
  /** Keeps only those addresses from identify that the peer is allowed to supply. */
  const filterMultiaddrForPeer = (peer: PeerId, address: Multiaddr) =>
    dialableOnly([address.toString()], scopes.of(libp2p, peer)).length > 0;
  const privateKey = await generateKeyPairFromSeed('Ed25519', key.seed);
  const self = peerIdFromPrivateKey(privateKey);
  const libp2p: Libp2pNode = await createLibp2p({
    privateKey,
    addresses: { listen: [...listen], ...(reach && { announceFilter: () => reach.announce(self) }) },
    transports: [
      ...(reach?.transports ?? [tcp()]),
      ...(listen.some((address) => address.endsWith('/ws')) ? [webSockets(tls ? { https: tls } : {})] : []),
    ],
    peerDiscovery: reach?.peerDiscovery ?? [],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false, filterMultiaddrForPeer, ...reach?.gater },
    connectionManager: {
      // More than are kept in both directions, so that `ConnectionPlaces` decides and not libp2p.
      maxConnections: 3 * MAX_CONNECTIONS,
      inboundConnectionThreshold: CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: CONNECTIONS_PER_SECOND,
    },
    services: {
      // More than libp2p's default of 1, so that a repeated request does not abort the one in progress.
      identify: identify({ maxInboundStreams: 4, maxOutboundStreams: 4 }),
      pubsub: gossipsub(GOSSIP_OPTIONS),
      ...reach?.services,
    },
  }).catch((error: unknown) => {
    throw cannotListen(listen, error);
  });
  libp2p.addEventListener('connection:open', ({ detail }) => scopes.note(libp2p, detail.remotePeer));
  return libp2p;
}

const cannotListen = (listen: readonly string[], cause: unknown): BitorchError =>
  new BitorchError(
    'LISTEN_FAILED',
    `cannot listen on ${listen.join(', ')}: check that the address belongs to this machine and that the port is free`,
    {},
    cause,
  );
