import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, type Logger, messageOf } from '#base';
import { parseMultiaddr } from './dialable.ts';
import type { Host, PeerAddress } from './host.ts';
import { publicKeyOf } from './public-key.ts';

const LOOK_MS = 500;
/** First pause between two dials of a contact. It doubles with each dial, up to the last. */
const FIRST_PAUSE_MS = 1_000;
/** A contact that returns is found within this time, ± 25 %. */
const LAST_PAUSE_MS = 16_000;
/** A connection that ends sooner counts as a failed dial, so that it is not reopened at once again and again. */
const STEADY_MS = 30_000;
/** Bound on learnt contacts (configured ones come on top), and how long they are dialled after the last connection. */
const MAX_MET = 64;
const MET_MS = 3_600_000;
const MAX_DIALS = 8;
/** How long `start` waits for the first contact. */
const START_MS = 5_000;

interface Contact {
  readonly id: string;
  readonly isNamed: boolean;
  /** Group of peers that share an address. */
  readonly origin: string;
  address: PeerAddress;
  /** When it was added, in milliseconds of `now`. */
  readonly since: number;
  connectedAt: number;
  /** When the current connection was first seen; undefined while disconnected. */
  upSince: number | undefined;
  nextTry: number;
  pauseMs: number;
  isDialled: boolean;
  problem: string | undefined;
}

interface ContactsDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'connect' | 'originOf'>;
  readonly log: Logger;
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number;
  /** A number from 0 to 1 for jitter: keeps nodes that lost the same peer from dialling it in step. */
  readonly random?: () => number;
}

/**
 * Keeps a node connected to its contacts: those its owner configured, and peers it met lately. A missing contact is dialled
 * with growing pauses, so that the node is back within a minute after it slept or its contact was away.
 */
export class Contacts {
  readonly #host: ContactsDependencies['host'];
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #contacts = new Map<string, Contact>();
  #timer: NodeJS.Timeout | undefined;

  /** `named`: multiaddrs that end in /p2p/<peer id>. Throws OPTION_INVALID for anything else. */
  constructor(named: readonly string[], dependencies: ContactsDependencies) {
    this.#host = dependencies.host;
    this.#log = dependencies.log;
    this.#now = dependencies.now ?? (() => performance.now());
    this.#random = dependencies.random ?? Math.random;
    for (const text of named) {
      const { id, addresses } = parseContact(text);
      const known = this.#contacts.get(id)?.address.addresses ?? [];
      this.#add({ id, addresses: [...known, ...addresses] }, { isNamed: true, origin: id });
    }
  }

  /** Starts dialling. Resolves when a configured contact is connected, when each dial has failed, or after 5 seconds. */
  async start(): Promise<void> {
    const first = Promise.any(this.look()).catch(() => undefined);
    const stop = new AbortController();
    await Promise.race([first, delay(START_MS, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
    this.#timer = setInterval(() => void Promise.allSettled(this.look()), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#contacts.clear();
  }

  /** Records where a connected peer can be reached. */
  met(address: PeerAddress): void {
    const { id } = address;
    if (id === this.#host.id) return;
    const known = this.#contacts.get(id);
    if (known && !known.isNamed) known.address = address;
    if (known || address.addresses.length === 0) return;
    this.#add(address, { isNamed: false, origin: this.#host.originOf(id) });
    this.#makeRoom();
  }

  /** Why no configured contact is connected, while no other peer is either; undefined otherwise. */
  get problem(): string | undefined {
    const named = [...this.#contacts.values()].filter(({ isNamed }) => isNamed);
    const failed = named.filter(({ problem }) => problem !== undefined);
    if (named.length === 0 || failed.length < named.length || this.#host.connected.length > 0)
      return undefined;
    return failed
      .map(({ address, problem }) => `${address.addresses[0]}/p2p/${address.id}: ${problem}`)
      .join('; ');
  }

  /** Checks all contacts once. Returns the dials it starts; each resolves when its contact is connected. */
  look(): Promise<void>[] {
    const now = this.#now();
    const connected = new Set(this.#host.connected);
    for (const contact of this.#contacts.values()) {
      if (connected.has(contact.id)) this.#isUp(contact, now);
      else this.#isMissing(contact, now);
    }
    const dialled = [...this.#contacts.values()].filter(({ isDialled }) => isDialled).length;
    const due = [...this.#contacts.values()]
      .filter(({ upSince, isDialled, nextTry }) => upSince === undefined && !isDialled && nextTry <= now)
      .sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || a.nextTry - b.nextTry);
    return due.slice(0, MAX_DIALS - dialled).map((contact) => this.#dial(contact));
  }

  #isUp(contact: Contact, now: number): void {
    contact.upSince ??= now;
    contact.connectedAt = now;
    contact.problem = undefined;
    if (now - contact.upSince >= STEADY_MS) contact.pauseMs = FIRST_PAUSE_MS;
  }

  #isMissing(contact: Contact, now: number): void {
    if (contact.upSince !== undefined) this.#pause(contact);
    contact.upSince = undefined;
    if (!contact.isNamed && now - contact.connectedAt > MET_MS) this.#contacts.delete(contact.id);
  }

  async #dial(contact: Contact): Promise<void> {
    contact.isDialled = true;
    try {
      await this.#host.connect(contact.address);
      contact.problem = undefined;
    } catch (error) {
      contact.problem = messageOf(error);
      this.#log.debug({ peer: contact.id, error: contact.problem }, 'contact not reached, will try again');
      throw error;
    } finally {
      contact.isDialled = false;
      this.#pause(contact);
    }
  }

  #pause(contact: Contact): void {
    contact.nextTry = this.#now() + contact.pauseMs * (0.75 + this.#random() / 2);
    contact.pauseMs = Math.min(LAST_PAUSE_MS, 2 * contact.pauseMs);
  }

  #add(address: PeerAddress, kind: Pick<Contact, 'isNamed' | 'origin'>): void {
    const { id } = address;
    if (id === this.#host.id) return;
    const now = this.#now();
    const begin = { connectedAt: now, upSince: undefined, nextTry: now, pauseMs: FIRST_PAUSE_MS };
    this.#contacts.set(id, {
      id,
      address,
      since: now,
      ...kind,
      ...begin,
      isDialled: false,
      problem: undefined,
    });
  }

  /** Over the limit, drops a contact of the origin that has most: disconnected ones first, then the newest. */
  #makeRoom(): void {
    const met = [...this.#contacts.values()].filter(({ isNamed }) => !isNamed);
    if (met.length <= MAX_MET) return;
    const connected = new Set(this.#host.connected);
    const ofOrigin = new Map<string, number>();
    for (const { origin } of met) ofOrigin.set(origin, (ofOrigin.get(origin) ?? 0) + 1);
    const [leaving] = met.sort(
      (a, b) =>
        ofOrigin.get(b.origin)! - ofOrigin.get(a.origin)! ||
        Number(connected.has(a.id)) - Number(connected.has(b.id)) ||
        b.since - a.since,
    );
    this.#contacts.delete(leaving!.id);
  }
}

function parseContact(text: string): PeerAddress {
  const [, address, id] = /^(.+)\/p2p\/([^/]+)$/.exec(text.trim()) ?? [];
  if (address !== undefined && id !== undefined && isPeerId(id) && parseMultiaddr(address))
    return { id, addresses: [address] };
  throw new BitorchError(
    'OPTION_INVALID',
    `${text}: write the address of a node like /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo…, as the node itself shows it`,
  );
}

function isPeerId(text: string): boolean {
  try {
    return publicKeyOf(text).length > 0;
  } catch {
    return false;
  }
}
