import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { createLog, encodeCanonical } from '#base';
import { SigningKey } from '#crypto';
import type { Host, Scope } from '#network';
import {
  type Announcement,
  type Description,
  type SealedAnnouncement,
  sealAnnouncement,
} from '../../src/node/peers/announcement.ts';
import { Directory } from '../../src/node/peers/directory.ts';

export interface Identity {
  readonly id: string;
  readonly key: SigningKey;
}

export async function identity(): Promise<Identity> {
  const key = SigningKey.generate();
  const id = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.seed)).toString();
  return { id, key };
}

export const describe = ({ id }: Identity, more: Partial<Announcement> = {}): Announcement => ({
  id,
  name: 'x',
  roles: ['seed'],
  addresses: [],
  time: Date.now(),
  audits: false,
  validator: null,
  swarmPort: 1,
  holdings: [],
  page: 0,
  pages: 1,
  ...more,
});

export const announce = (who: Identity, more: Partial<Announcement> = {}): SealedAnnouncement =>
  sealAnnouncement(describe(who, more), who.key);

/** A directory whose network is this test: peers that are connected, from where, and what they say. */
export async function directoryWorld(self: Partial<Description> = {}, now?: () => number) {
  const own = await identity();
  const connected = new Map<string, { scope: Scope; origin: string }>();
  const published: Uint8Array[] = [];
  let meet!: (message: unknown, from: string) => Promise<unknown>;
  let hear!: (data: Uint8Array, from: string) => string;
  let lose!: (peer: string) => void;
  const host = {
    id: own.id,
    get connected() {
      return [...connected.keys()];
    },
    isConnected: (peer: string) => connected.has(peer),
    scopeOf: (peer: string) => connected.get(peer)?.scope ?? 'public',
    originOf: (peer: string) => connected.get(peer)?.origin ?? peer,
    answer: async (_protocol: string, answerer: typeof meet) => {
      meet = answerer;
    },
    subscribe: (_topic: string, validate: typeof hear) => {
      hear = validate;
    },
    onDisconnect: (callback: typeof lose) => {
      lose = callback;
    },
    isDirect: (peer: string) => connected.has(peer),
    onDial: () => undefined,
    onAddresses: () => undefined,
    publish: async (_topic: string, data: Uint8Array) => void published.push(data),
  } as unknown as Host;
  const directory = new Directory({
    host,
    ...(now && { now }),
    key: own.key,
    log: createLog('silent'),
  });
  await directory.start(() => ({ ...describe(own), name: 'me', ...self }));
  return {
    own,
    directory,
    published,
    connect: (peer: string, scope: Scope = 'loopback', origin = peer) =>
      connected.set(peer, { scope, origin }),
    disconnect: (peer: string) => {
      connected.delete(peer);
      lose(peer);
    },
    meet: (message: unknown, from: string) => meet(message, from),
    hear: (sealed: unknown, from: string) => hear(encodeCanonical(sealed), from),
    hearBytes: (data: Uint8Array, from: string) => hear(data, from),
  };
}
