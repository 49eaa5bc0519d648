import { type KadDHT, type KadDHTComponents, kadDHT } from '@libp2p/kad-dht';
import { multiaddr } from '@multiformats/multiaddr';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { BitorchError } from '#base';
import { dialableOnly, type Scope } from '../dialable.ts';
import type { PeerAddress } from '../peer-address.ts';
import { ProviderAnswers } from './provider-answers.ts';
import { ProviderStore } from './provider-store.ts';
import { withComponent } from './with-component.ts';

const DHT_PROTOCOL = '/bitorch/kad/1';

/** Codes of the multiformats table: raw bytes, SHA-256. */
const RAW = 0x55;
const SHA_256 = 0x12;
const MAX_ADDRESSES = 16;
/** Addresses of a provider that one answer gives. */
const ADDRESSES_OF_ANSWER = 4;
/**
 * How often a node looks for its nearest neighbours in the table, and for nodes of each distance. By default both are 5
 * minutes, which would cost a node of a large network more than everything else that it sends at rest.
 */
const LOOK_AT_SELF_MS = 3_600_000;
const REFRESH_MS = 6 * 3_600_000;

/** Finds out who provides what, over the whole network. Keys are SHA-256 hashes, 32 bytes. */
export interface ContentRouting {
  /** Tells the nodes nearest to the key that this node provides it; holds for a day and is renewed. Throws PEER_UNREACHABLE. */
  provide(key: Uint8Array, signal: AbortSignal): Promise<void>;
  /** At most `count` providers, with the addresses that may be dialled; may include this node. */
  findProviders(key: Uint8Array, options: { count: number; signal: AbortSignal }): Promise<PeerAddress[]>;
}

/**
 * Kademlia (libp2p's, on a protocol of its own): this node asks from the start, and answers others only while strangers reach
 * it. Addresses that come from the table count as told by the most distant peer that is connected, since only peers that are
 * connected tell them.
 */
export class Dht implements ContentRouting {
  #dht!: KadDHT;
  #serves = false;
  readonly #scope: () => Scope;

  /** `scope`: of the most distant connection. */
  constructor(scope: () => Scope) {
    this.#scope = scope;
  }

  /** The service for libp2p. */
  readonly service = (components: object): unknown => {
    const parts = components as KadDHTComponents;
    const service = kadDHT({
      protocol: DHT_PROTOCOL,
      clientMode: true,
      allowQueryWithZeroPeers: true,
      querySelfInterval: LOOK_AT_SELF_MS,
      peerInfoMapper: (peer) => {
        const addresses = dialableOnly(peer.multiaddrs.map(String), this.#scope(), peer.id.toString());
        return { ...peer, multiaddrs: addresses.slice(0, MAX_ADDRESSES).map((one) => multiaddr(one)) };
      },
    })(withComponent(parts, 'datastore', new ProviderStore(parts.peerId.toString())));
    // The package has no option for it.
    (
      service as unknown as { routingTableRefresh: { refreshInterval: number } }
    ).routingTableRefresh.refreshInterval = REFRESH_MS;
    this.#dht = service as KadDHT;
    return service;
  };

  /** Answers others from now on, or no longer. */
  async serve(wanted: boolean): Promise<void> {
    if (wanted === this.#serves) return;
    this.#serves = wanted;
    await this.#dht.setMode(wanted ? 'server' : 'client');
  }

  async provide(key: Uint8Array, signal: AbortSignal): Promise<void> {
    let keepers = 0;
    for await (const event of this.#dht.provide(cidOf(key), { signal })) {
      signal.throwIfAborted();
      // The record was sent; that a node is near the key does not say that it could be reached.
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') keepers++;
    }
    if (keepers === 0)
      throw new BitorchError(
        'PEER_UNREACHABLE',
        'no node of the hash table took the record: connect to one first',
      );
  }

  async findProviders(
    key: Uint8Array,
    { count, signal }: { count: number; signal: AbortSignal },
  ): Promise<PeerAddress[]> {
    const answers = new ProviderAnswers(count);
    try {
      for await (const event of this.#dht.findProviders(cidOf(key), { signal })) {
        if (event.name !== 'PEER_RESPONSE') continue;
        const learntFrom = this.#scope();
        const providers = event.providers.slice(0, count).map(({ id, multiaddrs }): PeerAddress => {
          const told = dialableOnly(multiaddrs.map(String), learntFrom, id.toString());
          return { id: id.toString(), addresses: told.slice(0, ADDRESSES_OF_ANSWER), learntFrom };
        });
        answers.add(event.from.toString(), providers);
        if (answers.isEnough) break;
      }
    } catch (error) {
      // What came in time counts.
      if (answers.providers.length === 0) throw error;
    }
    return answers.providers;
  }
}

const cidOf = (key: Uint8Array): CID => CID.createV1(RAW, createDigest(SHA_256, key));
