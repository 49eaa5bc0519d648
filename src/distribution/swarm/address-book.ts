import { MAX_KNOWN_ADDRESSES, REDIAL_MAX_MS, REDIAL_MIN_MS } from './constants.ts';

export interface Known {
  host: string;
  /** Who answered there last, and whether it had the whole torrent. */
  peerId: string;
  isSeed: boolean;
}

interface Entry extends Known {
  port: number;
  nextDialAt: number;
  failures: number;
}

export interface Dialable {
  address: string;
  host: string;
  port: number;
}

/** Where peers of one torrent can be reached, when to try them again, and which of them are never tried again. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #bannedAddresses = new Set<string>();
  readonly #bannedIds = new Set<string>();

  add(host: string, port: number): void {
    const address = `${host}:${port}`;
    if (port < 1 || port > 65535 || this.#entries.has(address) || this.#entries.size >= MAX_KNOWN_ADDRESSES)
      return;
    this.#entries.set(address, { host, port, nextDialAt: 0, failures: 0, peerId: '', isSeed: false });
  }

  /** The next addresses to dial, at most `count`, without those that `skip` rejects. */
  due(now: number, count: number, skip: (known: Known) => boolean): Dialable[] {
    const due = [];
    for (const [address, entry] of this.#entries) {
      if (due.length >= count) break;
      if (entry.nextDialAt > now || skip(entry) || this.isBanned(address, entry.peerId)) continue;
      due.push({ address, host: entry.host, port: entry.port });
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
    this.#bannedAddresses.add(address);
  }

  /** For good. A remote host is banned as a whole; on this machine several nodes share one. */
  ban(address: string, peerId: string): void {
    this.#bannedAddresses.add(address);
    this.#bannedIds.add(peerId);
    const host = hostOf(address);
    if (!isLoopback(host)) this.#bannedAddresses.add(host);
  }

  isBanned(address: string, peerId: string): boolean {
    return (
      this.#bannedAddresses.has(address) ||
      this.#bannedAddresses.has(hostOf(address)) ||
      this.#bannedIds.has(peerId)
    );
  }
}

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
const isLoopback = (host: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(host);
