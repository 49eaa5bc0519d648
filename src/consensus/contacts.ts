import { Backoff, type Logger, messageOf } from '#base';
import type { Host, PeerAddress } from '#network';
import { MetNodes } from './met-nodes.ts';

/** A multiaddr that ends in /p2p/<peer id>. */
export type Contact = string;

/** The peer id at its end. */
export const peerOf = (contact: Contact): string => contact.split('/').at(-1)!;

const LOOK_MS = 500;

export interface ContactsDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'connect' | 'whereaboutsOf' | 'scopeOf' | 'originOf'>;
  readonly log: Logger;
  /** Milliseconds that only go on. */
  readonly now?: () => number;
}

/**
 * Stays connected with some nodes: dials them again whenever they are gone. Beside those that were named, these are the nodes
 * of the chain that it has met lately, whoever dialed first: two nodes that have met meet again after a cut, though only one
 * of them, or neither any more, was told of the other. All of it follows from who is connected at the moment: where a node
 * that dialed us listens is asked again and again while it is here, and no event can be missed.
 */
export class Contacts {
  readonly #named: ReadonlyMap<string, Contact>;
  readonly #deps: ContactsDependencies;
  readonly #met = new MetNodes();
  /** Where those listen that were only met. */
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

  /** Notes a connected node that has shown itself to be of this chain. */
  met(id: string): void {
    const { host } = this.#deps;
    // Nodes of this machine are told apart: all of them share its address.
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
      .catch((error: unknown) => log.debug({ peer: id, error: messageOf(error) }, 'not reachable'))
      .finally(() => this.#dialing.failed(id, this.#now));
  }

  /** A node that dialed us is known by a port that it does not listen on. It may also have moved: it is asked again. */
  #locate(id: string): void {
    const { host, log } = this.#deps;
    this.#asking.begin(id);
    host
      .whereaboutsOf(id)
      .then((place) => {
        if (place.addresses.length > 0) this.#places.set(id, place);
      })
      .catch((error: unknown) => log.debug({ peer: id, error: messageOf(error) }, 'does not say where it is'))
      .finally(() => this.#asking.failed(id, this.#now));
  }

  #forgetAllBut(wanted: ReadonlySet<string>): void {
    this.#dialing.keep(wanted);
    this.#asking.keep(wanted);
    for (const id of this.#places.keys()) if (!wanted.has(id)) this.#places.delete(id);
  }
}
