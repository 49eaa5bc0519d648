import type { Dialable } from '#network/addresses';
import { MAX_KNOWN_ADDRESSES, REDIAL_MAX_MS, REDIAL_MIN_MS } from './constants.ts';

export interface Known {
  readonly place: Dialable;
  /** Who answered there last, and whether it had the whole torrent. */
  peerId: string;
  isSeed: boolean;
}

interface Entry extends Known {
  nextDialAt: number;
  failures: number;
}

/** Where peers of one torrent can be reached, and when to try them again. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #excluded = new Set<string>();

  /** Remembers an address; when the book is full, one that came to nothing gives way. */
  add(place: Dialable): void {
    const address = addressOf(place);
    if (this.#entries.has(address) || this.#excluded.has(address)) return;
    if (this.#entries.size >= MAX_KNOWN_ADDRESSES && !this.#dropFailed()) return;
    this.#entries.set(address, { place, nextDialAt: 0, failures: 0, peerId: '', isSeed: false });
  }

  #dropFailed(): boolean {
    for (const [address, { failures, nextDialAt }] of this.#entries) {
      if (failures > 0 && Number.isFinite(nextDialAt)) return this.#entries.delete(address);
    }
    return false;
  }

  /** The next addresses to dial, at most `count`, without those that `skip` rejects. */
  due(now: number, count: number, skip: (known: Known) => boolean): Dialable[] {
    const due = [];
    for (const entry of this.#entries.values()) {
      if (due.length >= count) break;
      if (entry.nextDialAt > now || skip(entry)) continue;
      due.push(entry.place);
    }
    return due;
  }

  /** The address is being dialled or connected: it is not due. */
  busy(address: string): void {
    const entry = this.#entries.get(address);
    if (entry) entry.nextDialAt = Number.POSITIVE_INFINITY;
  }

  /** A connection to the address ended; each one in a row that came to nothing doubles the pause. */
  closed(address: string, result: { peerId: string; isSeed: boolean; useful: boolean }, now: number): void {
    const entry = this.#entries.get(address);
    if (!entry) return;
    entry.failures = result.useful ? 0 : entry.failures + 1;
    entry.peerId = result.peerId;
    entry.isSeed = result.isSeed;
    entry.nextDialAt = now + Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** entry.failures);
  }

  /** What kept peers from connecting is over: each address may be dialled now. */
  forgive(): void {
    for (const entry of this.#entries.values()) {
      entry.failures = 0;
      if (Number.isFinite(entry.nextDialAt)) entry.nextDialAt = 0;
    }
  }

  /** Our own address: not to be dialled again. */
  exclude(address: string): void {
    if (this.#entries.delete(address)) this.#excluded.add(address);
  }
}

/** How an address is written in the book, and in what is told of peers. */
export const addressOf = ({ host, port }: Pick<Dialable, 'host' | 'port'>): string => `${host}:${port}`;
