import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { codeOf, createLog, SYSTEM_CLOCK } from '#base';
import { SigningKey } from '#crypto';
import type { Scope } from '#network';
import {
  type Announcement,
  type Description,
  NEWS_PROTOCOL,
  NODES_PROTOCOL,
  sealAnnouncement,
  type Word,
} from '../../src/node/peers/announcement.ts';
import { Digest } from '../../src/node/peers/digest.ts';
import { Directory, type DirectoryHost } from '../../src/node/peers/directory.ts';

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

export const announce = (who: Identity, more: Partial<Announcement> = {}): Word => ({
  id: who.id,
  pages: [sealAnnouncement(describe(who, more), who.key).sealed],
  delta: null,
});

/** A question of `word`'s node, which knows nobody else. */
export const question = (word: Word, more: object = {}) => ({
  time: Date.now(),
  word,
  known: Digest.encode([], 0),
  room: 32 << 10,
  ...more,
});

interface Answer {
  readonly time: number;
  readonly words: readonly Word[];
}

/** A directory whose network is this test: peers that are connected, from where, and what they say. */
export async function directoryWorld(
  self: Partial<Description> = {},
  { now, sample }: { now?: () => number; sample?: number } = {},
) {
  const own = await identity();
  const connected = new Map<string, { scope: Scope; origin: string }>();
  /** Words that were sent, and to whom. */
  const sent: { peer: string; word: Word }[] = [];
  const dialled: string[] = [];
  const answerers = new Map<string, (message: unknown, from: string) => Promise<unknown>>();
  /** What peers answer, by protocol. */
  const answers = new Map<string, (peer: string, message: unknown) => unknown>();
  let lose!: (peer: string) => void;
  const host: DirectoryHost = {
    id: own.id,
    contentRouting: undefined,
    get connected() {
      return [...connected.keys()];
    },
    isConnected: (peer) => connected.has(peer),
    scopeOf: (peer) => connected.get(peer)?.scope ?? 'public',
    originOf: (peer) => connected.get(peer)?.origin ?? peer,
    answer: async (protocol, answerer) => void answerers.set(protocol, answerer),
    request: async ({ id }, protocol, message) => {
      if (protocol === NEWS_PROTOCOL) sent.push({ peer: id, word: (message as { word: Word }).word });
      return answers.get(protocol)?.(id, message) ?? null;
    },
    connect: async (peer) => {
      const id = typeof peer === 'string' ? peer : peer.id;
      dialled.push(id);
      return id;
    },
    onDisconnect: (callback) => {
      lose = callback;
    },
    isDirect: (peer) => connected.has(peer),
    onDial: () => undefined,
    onAddresses: () => undefined,
  };
  const clock = now ? { ...SYSTEM_CLOCK, now } : SYSTEM_CLOCK;
  const directory = new Directory(sample === undefined ? {} : { sample }, {
    host,
    clock,
    key: own.key,
    log: createLog('silent'),
  });
  await directory.start(() => ({ ...describe(own), name: 'me', ...self }));
  const ask = (protocol: string, message: unknown, from: string) => answerers.get(protocol)!(message, from);
  return {
    own,
    directory,
    sent,
    dialled,
    answers,
    connect: (peer: string, scope: Scope = 'loopback', origin = peer) =>
      connected.set(peer, { scope, origin }),
    disconnect: (peer: string) => {
      connected.delete(peer);
      lose(peer);
    },
    ask,
    meet: async (message: unknown, from: string) => (await ask(NODES_PROTOCOL, message, from)) as Answer,
    /** News of `from`; the error's code where they are refused. */
    hear: async (word: unknown, from: string): Promise<string> => {
      try {
        await ask(NEWS_PROTOCOL, { word }, from);
        return 'heard';
      } catch (error) {
        return codeOf(error);
      }
    },
    /** Receivers of what was passed on of a node. */
    told: (id: string) => sent.filter(({ word }) => word.id === id).map(({ peer }) => peer),
  };
}
