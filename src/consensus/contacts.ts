import { Backoff, type Logger, messageOf } from '#base';
import type { Host, PeerAddress } from '#network';
import { MetNodes } from './met-nodes.ts';

/** A multiaddr that ends in /p2p/<peer id>. */
export type Contact = string;

/** The peer id at the end of a contact. */
export const peerOf = (contact: Contact): string => contact.split('/').at(-1)!;

const LOOK_MS = 500;

export interface ContactsDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'connect' | 'whereaboutsOf' | 'scopeOf' | 'originOf'>;
  readonly log: Logger;
  /** Monotonic clock, in ms. */
  readonly now?: () => number;
}

/**
 * Keeps connections to the named contacts and to nodes of the chain that were met recently, whichever side dialled:
 * redials them whenever they are missing. So two nodes find each other again after a network partition even if only
 * one of them, or neither any more, was configured with the other. Everything follows from the current connections,
 * so no event can be missed; a node that dialled us is asked repeatedly where it listens.
 */
export class Contacts {
  readonly #named: ReadonlyMap<string, Contact>;
  readonly #deps: ContactsDependencies;
  readonly #met = new MetNodes();
  /** Listen addresses of nodes that were only met. */
  readonly #places = new Map<string, PeerAddress>();
  readonly #dialing = new Backoff();
  readonly #asking = new Backoff();
  #timer: NodeJS.Timeout | undefined;

  constructor(contacts: readonly Contact[], dependencies: ContactsDependencies) {
    this.#named = new Map(contacts.map((contact) => [peerOf(contact), contact]));
    this.#deps = dependencies;
  }

  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Notes a connected node that has proved to be of this chain. */
  met(id: string): void {
    const { host } = this.#deps;
    // Nodes on this machine share its address and count as separate groups.
    const group = host.scopeOf(id) === 'loopback' ? id : host.originOf(id);
    this.#met.add(id, group, this.#now);
  }

  get #now(): number {
    return (this.#deps.now ?? (() => performance.now()))();
  }

  #look(): void {
    const { host } = this.#deps;
    const now = this.#now;
    const connected = new Set(host.connected);
    this.#met.note(connected, now);
    const met = this.#met.ids.filter((id) => !this.#named.has(id));
    const wanted = new Set([...this.#named.keys(), ...met]);
    wanted.delete(host.id);
    this.#forgetAllBut(wanted);
    for (const id of wanted) {
      if (!connected.has(id)) {
        this.#asking.forget(id);
        if (this.#dialing.isOver(id, now)) this.#dial(id);
        continue;
      }
      this.#dialing.forget(id);
      if (!this.#named.has(id) && this.#asking.isOver(id, now)) this.#locate(id);
    }
  }

  #dial(id: string): void {
    const { host, log } = this.#deps;
    this.#dialing.begin(id);
    host
      .connect(this.#named.get(id) ?? this.#places.get(id) ?? { id, addresses: [] })
      .catch((error: unknown) => log.debug({ peer: id, error: messageOf(error) }, 'contact is unreachable'))
      .finally(() => this.#dialing.failed(id, this.#now));
  }

  /**
   * The remote port of a node that dialled us is not the one it listens on. It may also move, so it is asked
   * repeatedly.
   */
  #locate(id: string): void {
    const { host, log } = this.#deps;
    this.#asking.begin(id);
    host
      .whereaboutsOf(id)
      .then((place) => {
        if (place.addresses.length > 0) this.#places.set(id, place);
      })
      .catch((error: unknown) =>
        log.debug({ peer: id, error: messageOf(error) }, 'node does not report its addresses'),
      )
      .finally(() => this.#asking.failed(id, this.#now));
  }

  #forgetAllBut(wanted: ReadonlySet<string>): void {
    this.#dialing.keep(wanted);
    this.#asking.keep(wanted);
    for (const id of this.#places.keys()) if (!wanted.has(id)) this.#places.delete(id);
  }
}
