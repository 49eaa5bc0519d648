import { type Logger, messageOf } from '#base';
import type { Host } from '#network';

/** A multiaddr that ends in /p2p/<peer id>. */
export type Contact = string;

const REDIAL_MS = 1_000;
const MAX_PAUSE_MS = 15_000;

/** Stays connected with some nodes: dials them again whenever they are gone. */
export class Contacts {
  readonly #contacts: readonly Contact[];
  readonly #host: Host;
  readonly #log: Logger;
  readonly #waiting = new Map<Contact, { until: number; pause: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(contacts: readonly Contact[], dependencies: { host: Host; log: Logger }) {
    this.#contacts = contacts;
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

  #dial(): void {
    const connected = new Set(this.#host.connected);
    for (const contact of this.#contacts) {
      const id = contact.split('/').at(-1)!;
      const known = this.#waiting.get(contact);
      if (id === this.#host.id || connected.has(id)) this.#waiting.delete(contact);
      else if (!known || known.until <= performance.now()) this.#try(contact, known?.pause ?? REDIAL_MS / 2);
    }
  }

  #try(contact: Contact, pause: number): void {
    const next = Math.min(MAX_PAUSE_MS, pause * 1.5);
    this.#waiting.set(contact, { until: Number.POSITIVE_INFINITY, pause: next });
    this.#host
      .connect(contact)
      .catch((error: unknown) => this.#log.debug({ contact, error: messageOf(error) }, 'not reachable'))
      .finally(() => this.#waiting.set(contact, { until: performance.now() + pause, pause: next }));
  }
}
