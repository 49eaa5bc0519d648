import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, type Logger, messageOf } from '#base';
import { parseMultiaddr } from './dialable.ts';
import type { Host, PeerAddress } from './host.ts';
import { publicKeyOf } from './public-key.ts';

const LOOK_MS = 500;
/** The first pause between two tries to reach a contact. Each is twice as long as the one before, up to the last. */
const FIRST_PAUSE_MS = 1_000;
/** Who comes back is found within this time, give or take a quarter. */
const LAST_PAUSE_MS = 16_000;
/** A connection that ends sooner counts as one more failure: it is not to be opened again and again. */
const STEADY_MS = 30_000;
/** Contacts that were met, beside those that were named; how long they are tried after they were last connected. */
const MAX_MET = 64;
const MET_MS = 3_600_000;
const MAX_DIALS = 8;
/** How long a start waits for the first contact. */
const START_MS = 5_000;

interface Contact {
  readonly id: string;
  readonly isNamed: boolean;
  /** Who shares an address. */
  readonly origin: string;
  address: PeerAddress;
  /** Milliseconds of `now`. */
  readonly since: number;
  connectedAt: number;
  /** When the present connection was first seen; undefined without one. */
  upSince: number | undefined;
  nextTry: number;
  pauseMs: number;
  isDialled: boolean;
  problem: string | undefined;
}

interface ContactsDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'connect' | 'originOf'>;
  readonly log: Logger;
  /** Milliseconds that only go on. */
  readonly now?: () => number;
  /** From 0 to 1: spreads the tries of many nodes that lost the same one. */
  readonly random?: () => number;
}

/**
 * Keeps a node connected with its contacts: those that its owner named, and those it has met lately. Whoever is missing is
 * dialled, with growing pauses, so that a node is back within a minute after it slept, or after its contact was away.
 */
export class Contacts {
  readonly #host: ContactsDependencies['host'];
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #contacts = new Map<string, Contact>();
  #timer: NodeJS.Timeout | undefined;

  /** `named`: multiaddrs that end in /p2p/<peer id>. Throws OPTION_INVALID for what is none. */
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

  /** Begins; resolves once a named contact is connected, each was tried in vain, or 5 seconds have passed. */
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

  /** A peer that is connected has said where it can be reached. */
  met(address: PeerAddress): void {
    const { id } = address;
    if (id === this.#host.id) return;
    const known = this.#contacts.get(id);
    if (known && !known.isNamed) known.address = address;
    if (known || address.addresses.length === 0) return;
    this.#add(address, { isNamed: false, origin: this.#host.originOf(id) });
    this.#makeRoom();
  }

  /** Why none of the named contacts is there while nobody else is either; undefined when all is well. */
  get problem(): string | undefined {
    const named = [...this.#contacts.values()].filter(({ isNamed }) => isNamed);
    const failed = named.filter(({ problem }) => problem !== undefined);
    if (named.length === 0 || failed.length < named.length || this.#host.connected.length > 0)
      return undefined;
    return failed
      .map(({ address, problem }) => `${address.addresses[0]}/p2p/${address.id}: ${problem}`)
      .join('; ');
  }

  /** One look at who is missing. The tries that it begins: each resolves when its contact is connected. */
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

  /** Beyond the limit one goes of the origin that has most: one that is gone before one that is here, the newest first. */
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
