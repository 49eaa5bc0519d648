import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Host, type PeerAddress } from '#network';
import {
  type Announcement,
  NODES_PROTOCOL,
  openAnnouncement,
  sealAnnouncement,
  type Word,
} from '../../../src/node/peers/announcement.ts';
import type { Random } from '../attacks/random.ts';

/** What strangers know of a network before they come: what its nodes tell everybody. */
export interface World {
  /** Multiaddrs of honest nodes, which end in their peer ids. */
  readonly contacts: readonly string[];
  /** Where the nodes' HTTP APIs are. */
  readonly apis: readonly string[];
  /** Announce URLs. */
  readonly trackers: readonly string[];
  readonly chain?: WorldChain;
  /** Folder for what strangers keep. */
  readonly folder: string;
}

/** The chain that the nodes keep. */
export interface WorldChain {
  /** Path of the genesis file. */
  readonly genesis: string;
  /** Multiaddrs of the nodes that keep it. */
  readonly contacts: readonly string[];
  /** HEIGHT:ID of a block, for a wallet that believes no node. */
  readonly trust: string;
  /** Seed (hexadecimal) of the key of a validator that is a stranger's. */
  readonly validator: string;
}

/** One round of one kind of attack: it may throw when it is cut off. */
export interface Scene {
  readonly world: World;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export type Attack = (scene: Scene) => Promise<unknown>;

export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });

/** Another identity on the network, gone when the work is done. */
export async function asStranger<T>(
  { random }: Scene,
  work: (host: Host, key: SigningKey) => Promise<T>,
): Promise<T> {
  const key = new SigningKey(random.bytes(32));
  const host = await Host.start({ key, listen: [] }, { log: createLog('silent') });
  try {
    return await work(host, key);
  } finally {
    await host.stop();
  }
}

/** Connects with one of the nodes. */
export async function meet(
  { world, random }: Scene,
  host: Host,
  contacts: readonly string[] = world.contacts,
): Promise<PeerAddress> {
  const contact = random.pick(contacts);
  return { id: await host.connect(contact), addresses: [contact] };
}

export const meetAll = (
  { world }: Scene,
  host: Host,
  contacts: readonly string[] = world.contacts,
): Promise<PeerAddress[]> =>
  Promise.all(contacts.map(async (contact) => ({ id: await host.connect(contact), addresses: [contact] })));

/** What a stranger says of itself when it behaves. */
export const selfOf = (host: Host, changes: Partial<Announcement> = {}): Announcement => ({
  id: host.id,
  name: 'newcomer',
  roles: ['client'],
  addresses: [],
  time: Date.now(),
  audits: false,
  validator: null,
  swarmPort: 0,
  holdings: [],
  page: 0,
  pages: 1,
  ...changes,
});

/** An announcement as it is told. */
export const wordOf = (announcement: Announcement, key: SigningKey): Word => ({
  id: announcement.id,
  pages: [sealAnnouncement(announcement, key).sealed],
  delta: null,
});

/** Introduces itself as any newcomer does, and learns who is there. */
export async function introduce(host: Host, key: SigningKey, peer: PeerAddress): Promise<Announcement[]> {
  const word = wordOf(selfOf(host), key);
  const question = { time: Date.now(), word, known: new Uint8Array(1), room: 32 << 10 };
  const { words } = (await host.request(peer, NODES_PROTOCOL, question)) as { words: Word[] };
  return words.flatMap(({ id, pages }) => pages.map((sealed) => openAnnouncement({ id, sealed })));
}
