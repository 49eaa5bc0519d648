import { setTimeout as delay } from 'node:timers/promises';
import { Backoff, BitorchError, Coalescer, type Logger, messageOf } from '#base';
import { type KeptPeer, MAX_ADDRESSES, readContacts, writeContacts } from './contacts-file.ts';
import { dialableOnly, parseMultiaddr, type Scope } from './dialable.ts';
import type { Host, PeerAddress } from './host.ts';
import { MetPeers } from './met-peers.ts';
import { publicKeyOf } from './public-key.ts';

const LOOK_MS = 500;
/** A contact that returns is found within the last pause, plus the jitter of 25 %. */
const PAUSES = { firstMs: 1_000, lastMs: 16_000 };
/**
 * While none of a peer's addresses has been reached. It may have told the address of somebody else, whom all nodes that it met
 * would dial. If the address is its own, it is found again within twice the time that it was away.
 */
const UNPROVEN_PAUSES = { firstMs: 1_000, lastMs: 600_000 };
/** A connection that ends sooner counts as a failed dial, so that it is not reopened at once again and again. */
const STEADY_MS = 30_000;
/** Dials at a time: all contacts, none of which answers, have had their turn within a minute. */
const MAX_DIALS = 16;
/** How long `start` waits for the first contact. */
const START_MS = 5_000;
/** Changes are saved at most this often. */
const SAVE_MS = 60_000;

export interface ContactsOptions {
  /** Multiaddrs that end in /p2p/<peer id>, dialled for as long as the node runs. */
  readonly configured: readonly string[];
  /** For those that somebody else named: the scope of who did, inside of which a name must not lead. */
  readonly scopes?: Readonly<Record<string, Scope>>;
  /** Keeps the peers that were met over a restart; without it they are kept in memory only. */
  readonly file?: string;
}

export interface ContactsDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'connect' | 'whereaboutsOf' | 'scopeOf' | 'originOf'>;
  readonly log: Logger;
  /** Monotonic clock, in ms. */
  readonly now?: () => number;
  /** Milliseconds since epoch, for the file. */
  readonly date?: () => number;
  /** A number from 0 to 1, for jitter. */
  readonly random?: () => number;
}

/**
 * Keeps a node connected to its contacts: those its owner configured, nodes of its chain, and other peers, which it met
 * lately. Each kind has slots of its own. A missing contact is dialled with growing pauses, whichever side had dialled
 * before, so two nodes find each other again after a partition, a sleep or a restart even if neither was configured with the
 * other. Everything follows from the connections at each look, so no event can be missed.
 */
export class Contacts {
  readonly #options: ContactsOptions;
  readonly #deps: ContactsDependencies;
  readonly #configured = new Map<string, PeerAddress>();
  readonly #chain = new MetPeers();
  readonly #network = new MetPeers();
  readonly #dials: Backoff;
  readonly #locating: Backoff;
  /** Since when the current connection was seen, and why the last dial failed. */
  readonly #upSince = new Map<string, number>();
  readonly #problems = new Map<string, string>();
  readonly #saving = new Coalescer(() => this.#save(), { pauseMs: SAVE_MS });
  /** What the file holds, without times; undefined until it was read. */
  #saved: string | undefined;
  #dialling = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** Throws OPTION_INVALID for a configured contact that is not the address of a node. */
  constructor(options: ContactsOptions, dependencies: ContactsDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#dials = new Backoff(PAUSES, dependencies.random);
    this.#locating = new Backoff(PAUSES, dependencies.random);
    for (const text of options.configured) {
      const { id, addresses } = parseContact(text);
      if (id === dependencies.host.id) continue;
      const learntFrom = options.scopes?.[text];
      const known = this.#configured.get(id);
      // What others named does not restrict what the owner did.
      if (known && known.learntFrom === undefined && learntFrom !== undefined) continue;
      const isAlike = known && known.learntFrom === learntFrom;
      const all = isAlike ? [...known.addresses, ...addresses] : addresses;
      this.#configured.set(id, { id, addresses: all, ...(learntFrom && { learntFrom }) });
    }
  }

  /** Starts dialling. Resolves when a contact is connected, when each dial has failed, or after 5 seconds. */
  async start(): Promise<void> {
    await this.#load();
    const first = Promise.any(this.look()).catch(() => undefined);
    const stop = new AbortController();
    await Promise.race([first, delay(START_MS, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
    if (this.#isStopped) return;
    this.#timer = setInterval(() => void Promise.allSettled(this.look()), LOOK_MS).unref();
  }

  /** Saves the contacts. Call it while the host still runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#saving.stop();
    await this.#save();
  }

  /** Peer ids of the configured contacts. */
  get configured(): string[] {
    return [...this.#configured.keys()];
  }

  /** Records where a connected peer says that it can be reached. */
  met(address: PeerAddress): void {
    const { id } = address;
    const usable = usableAddress(id, address);
    if (this.#isOwn(id) || usable.addresses.length === 0) return;
    const known = this.#chain.get(id) ?? this.#network.get(id);
    if (known) known.address = usable;
    else this.#network.add({ ...newPeer(id), group: this.#groupOf(id), address: usable }, this.#now());
  }

  /** Records a connected peer that has proved to be of this node's chain; it is asked where it listens. */
  metOnChain(id: string): void {
    if (this.#isOwn(id) || this.#chain.get(id)) return;
    const known = this.#network.take(id) ?? newPeer(id);
    this.#chain.add({ ...known, group: this.#groupOf(id) }, this.#now());
  }

  /** Why no configured contact is connected, while no other peer is either; undefined otherwise. */
  get problem(): string | undefined {
    const failed = [...this.#configured.values()].filter(({ id }) => this.#problems.has(id));
    if (failed.length === 0 || failed.length < this.#configured.size) return undefined;
    if (this.#deps.host.connected.length > 0) return undefined;
    return failed
      .map(({ id, addresses }) => `${addresses[0]}/p2p/${id}: ${this.#problems.get(id)}`)
      .join('; ');
  }

  /** Checks all contacts once. Returns the dials it starts; each resolves when its contact is connected. */
  look(): Promise<void>[] {
    const now = this.#now();
    const connected = new Set(this.#deps.host.connected);
    this.#chain.note(connected, now);
    this.#network.note(connected, now);
    const contacts = this.#all();
    this.#forgetAllBut(new Set(contacts.keys()));
    for (const id of contacts.keys()) {
      if (connected.has(id)) this.#isUp(id, now);
      else this.#isMissing(id, now);
    }
    if (this.#saved !== undefined && this.#saved !== this.#fingerprint()) void this.#saving.run();
    const isConfigured = ({ id }: PeerAddress) => Number(this.#configured.has(id));
    const due = [...contacts.values()]
      .filter(({ id }) => !connected.has(id) && this.#dials.isOver(id, now))
      .sort((a, b) => isConfigured(b) - isConfigured(a) || this.#dials.dueAt(a.id) - this.#dials.dueAt(b.id));
    return due.slice(0, MAX_DIALS - this.#dialling).map((address) => this.#dial(address));
  }

  #all(): Map<string, PeerAddress> {
    const met = [...this.#chain.all, ...this.#network.all].map(({ address }) => address);
    return new Map([...met, ...this.#configured.values()].map((address) => [address.id, address]));
  }

  #isUp(id: string, now: number): void {
    const since = this.#upSince.get(id) ?? now;
    this.#upSince.set(id, since);
    this.#problems.delete(id);
    if (now - since >= STEADY_MS) this.#dials.forget(id);
    if (this.#chain.get(id) && this.#locating.isOver(id, now)) this.#locate(id);
  }

  #isMissing(id: string, now: number): void {
    if (this.#upSince.delete(id)) this.#dials.failed(id, now);
    this.#locating.forget(id);
  }

  async #dial(address: PeerAddress): Promise<void> {
    const { id } = address;
    const { host, log } = this.#deps;
    this.#dials.begin(id);
    this.#dialling++;
    try {
      await host.connect(address);
      this.#problems.delete(id);
      const met = this.#chain.get(id) ?? this.#network.get(id);
      if (met) met.reached = address.addresses;
    } catch (error) {
      this.#problems.set(id, messageOf(error));
      log.debug({ peer: id, error: messageOf(error) }, 'contact not reached, will try again');
      throw error;
    } finally {
      this.#dialling--;
      this.#dials.failed(id, this.#now(), this.#isDoubtful(id) ? UNPROVEN_PAUSES : PAUSES);
    }
  }

  /** While no peer at all is connected, a failed dial says nothing of the address. */
  #isDoubtful(id: string): boolean {
    const isUnproven = this.#chain.isUnproven(id) || this.#network.isUnproven(id);
    return isUnproven && this.#deps.host.connected.length > 0;
  }

  /**
   * The remote port of a node that dialled us is not the one it listens on. It may also move, so it is asked
   * repeatedly.
   */
  #locate(id: string): void {
    const { host, log } = this.#deps;
    this.#locating.begin(id);
    host
      .whereaboutsOf(id)
      .then((address) => {
        const usable = usableAddress(id, address);
        const known = this.#chain.get(id);
        if (known && usable.addresses.length > 0) known.address = usable;
      })
      .catch((error: unknown) =>
        log.debug({ peer: id, error: messageOf(error) }, 'node does not report its addresses'),
      )
      .finally(() => this.#locating.failed(id, this.#now()));
  }

  /** Peers of this machine share its address and count as separate groups. */
  #groupOf(id: string): string {
    const { host } = this.#deps;
    return host.scopeOf(id) === 'loopback' ? id : host.originOf(id);
  }

  /** This node itself, and contacts that need no other slot. */
  #isOwn(id: string): boolean {
    return id === this.#deps.host.id || this.#configured.has(id);
  }

  #forgetAllBut(wanted: ReadonlySet<string>): void {
    this.#dials.keep(wanted);
    this.#locating.keep(wanted);
    for (const state of [this.#upSince, this.#problems])
      for (const id of state.keys()) if (!wanted.has(id)) state.delete(id);
  }

  /** A file that cannot be read costs the contacts in it, and no start. */
  async #load(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) return;
    const peers = await readContacts(file, this.#date()).catch((error: unknown) => {
      this.#deps.log.warn({ error: messageOf(error) }, 'contacts of the last run are lost');
      return [];
    });
    const [now, date] = [this.#now(), this.#date()];
    for (const { kind, addresses, learntFrom, reached, lastAt, ...peer } of peers) {
      if (this.#isOwn(peer.id) || !isPeerId(peer.id)) continue;
      const address = usableAddress(peer.id, { id: peer.id, addresses, learntFrom });
      const set = kind === 'chain' ? this.#chain : this.#network;
      if (address.addresses.length === 0) continue;
      set.add(
        {
          ...peer,
          address,
          reached: reached ? address.addresses : [],
          lastAt: now - Math.max(0, date - lastAt),
        },
        now,
      );
    }
    this.#saved = this.#fingerprint();
  }

  async #save(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined || this.#saved === undefined) return;
    this.#saved = this.#fingerprint();
    await writeContacts(file, this.#toKeep()).catch((error: unknown) =>
      this.#deps.log.warn({ error: messageOf(error) }, 'contacts were not saved'),
    );
  }

  #toKeep(): KeptPeer[] {
    const [now, date] = [this.#now(), this.#date()];
    const kept = (kind: KeptPeer['kind'], peers: MetPeers): KeptPeer[] =>
      peers.all
        .filter(({ address }) => address.addresses.length > 0)
        .map(({ id, address: { addresses, learntFrom = 'loopback' }, group, connectedMs, lastAt }) => ({
          id,
          kind,
          addresses: [...addresses],
          learntFrom,
          reached: !peers.isUnproven(id),
          group,
          connectedMs: Math.round(connectedMs),
          lastAt: Math.max(0, Math.round(date - (now - lastAt))),
        }));
    return [...kept('chain', this.#chain), ...kept('network', this.#network)];
  }

  /** Changes when a contact comes, goes or moves. */
  #fingerprint(): string {
    return [...this.#all().values()].map(({ id, addresses }) => `${id} ${addresses.join()}`).join('\n');
  }

  #now(): number {
    return (this.#deps.now ?? (() => performance.now()))();
  }

  #date(): number {
    return (this.#deps.date ?? Date.now)();
  }
}

const newPeer = (id: string) => ({ id, address: { id, addresses: [] }, reached: [], connectedMs: 0 });

/** What a peer says of where it listens: a few addresses that may be dialled, and no names to look up. */
function usableAddress(id: string, { addresses, learntFrom = 'loopback' }: PeerAddress): PeerAddress {
  return { id, addresses: dialableOnly(addresses, learntFrom, id).slice(0, MAX_ADDRESSES), learntFrom };
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
