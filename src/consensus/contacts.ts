import { type Logger, messageOf } from '#base';
import type { Host } from '#network';

/** A multiaddr that ends in /p2p/<peer id>. */
export type Contact = string;

/** The peer id at its end. */
export const peerOf = (contact: Contact): string => contact.split('/').at(-1)!;

const REDIAL_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** Nodes beside the contacts that are dialed again, and how long after they were last connected. */
const MAX_MET = 40;
const MET_MS = 3_600_000;

interface Pause {
  readonly until: number;
  readonly ms: number;
}

/**
 * Stays connected with some nodes: dials them again whenever they are gone. Beside those that were named, these are the nodes
 * of the chain that it has met lately, whoever dialed first: two nodes that have met meet again after a cut, though only one
 * of them, or neither any more, was told of the other.
 */
export class Contacts {
  readonly #named: ReadonlyMap<string, Contact>;
  readonly #host: Host;
  readonly #log: Logger;
  /** When each was last known to be connected, the latest last. */
  readonly #met = new Map<string, number>();
  readonly #pauses = new Map<string, Pause>();
  #timer: NodeJS.Timeout | undefined;

  constructor(contacts: readonly Contact[], dependencies: { host: Host; log: Logger }) {
    this.#named = new Map(contacts.map((contact) => [peerOf(contact), contact]));
    this.#host = dependencies.host;
    this.#log = dependencies.log;
  }

  start(): void {
    this.#dial();
    this.#timer = setInterval(() => this.#dial(), REDIAL_MS / 2).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Notes a node that has shown itself to be of this chain. */
  met(id: string): void {
    this.#met.delete(id);
    this.#met.set(id, performance.now());
    if (this.#met.size > MAX_MET) this.#met.delete(this.#met.keys().next().value!);
  }

  #dial(): void {
    const now = performance.now();
    const connected = new Set(this.#host.connected);
    for (const [id, at] of this.#met) {
      if (connected.has(id)) this.#met.set(id, now);
      else if (now - at > MET_MS) this.#met.delete(id);
    }
    const wanted = new Set([...this.#named.keys(), ...this.#met.keys()]);
    for (const id of this.#pauses.keys()) if (!wanted.has(id)) this.#pauses.delete(id);
    for (const id of wanted) {
      const pause = this.#pauses.get(id);
      if (id === this.#host.id || connected.has(id)) this.#pauses.delete(id);
      else if (!pause || pause.until <= now) this.#try(id, pause?.ms ?? REDIAL_MS / 2);
    }
  }

  #try(id: string, ms: number): void {
    const next = Math.min(MAX_PAUSE_MS, ms * 1.5);
    this.#pauses.set(id, { until: Number.POSITIVE_INFINITY, ms: next });
    // Where a node listens that was only met, libp2p knows from its identify message.
    this.#host
      .connect(this.#named.get(id) ?? { id, addresses: [] })
      .catch((error: unknown) => this.#log.debug({ peer: id, error: messageOf(error) }, 'not reachable'))
      .finally(() => this.#pauses.set(id, { until: performance.now() + ms, ms: next }));
  }
}
