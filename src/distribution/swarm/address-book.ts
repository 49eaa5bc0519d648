import type { Dialable } from '#network/addresses';
import { MAX_KNOWN_ADDRESSES, REDIAL_MAX_MS, REDIAL_MIN_MS } from './constants.ts';

export interface Known {
  readonly place: Dialable;
  /** Peer that last answered at this address, and whether it was a seed. */
  peerId: string;
  isSeed: boolean;
}

interface Entry extends Known {
  nextDialAt: number;
  failures: number;
}

/** Known peer addresses of one torrent, with the time of the next dial. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #excluded = new Set<string>();

  /** Adds an address. When the book is full, it replaces one that failed before. */
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

  /** At most `count` addresses to dial now (`now` in ms), without those for which `skip` returns true. */
  due(now: number, count: number, skip: (known: Known) => boolean): Dialable[] {
    const due = [];
    for (const entry of this.#entries.values()) {
      if (due.length >= count) break;
      if (entry.nextDialAt > now || skip(entry)) continue;
      due.push(entry.place);
    }
    return due;
  }

  /** Marks an address as being dialled or connected, so that it is not due. */
  busy(address: string): void {
    const entry = this.#entries.get(address);
    if (entry) entry.nextDialAt = Number.POSITIVE_INFINITY;
  }

  /** Records the end of a connection. Each useless one in a row doubles the pause before the next dial. */
  closed(address: string, result: { peerId: string; isSeed: boolean; useful: boolean }, now: number): void {
    const entry = this.#entries.get(address);
    if (!entry) return;
    entry.failures = result.useful ? 0 : entry.failures + 1;
    entry.peerId = result.peerId;
    entry.isSeed = result.isSeed;
    entry.nextDialAt = now + Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** entry.failures);
  }

  /** Resets all pauses, so that every address may be dialled now. */
  resetPauses(): void {
    for (const entry of this.#entries.values()) {
      entry.failures = 0;
      if (Number.isFinite(entry.nextDialAt)) entry.nextDialAt = 0;
    }
  }

  /** Excludes an address (our own) permanently. */
  exclude(address: string): void {
    if (this.#entries.delete(address)) this.#excluded.add(address);
  }
}

/** The key of an address in the book, and its form in logs and status. */
export const addressOf = ({ host, port }: Pick<Dialable, 'host' | 'port'>): string => `${host}:${port}`;
