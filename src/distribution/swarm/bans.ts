import { BAN_MS, MAX_BANS } from './constants.ts';

/**
 * Banned senders of corrupt data, by origin: the network of a remote peer; address and port for one on this machine;
 * the node behind a relay. Peer ids of TCP connections are not banned, since anybody can claim any id. Bans expire, because
 * addresses change hands.
 */
export class Bans {
  readonly #until = new Map<string, number>();

  add(origin: string, now: number): void {
    this.#until.delete(origin);
    this.#until.set(origin, now + BAN_MS);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_BANS) this.#until.delete(oldest!);
  }

  has(origin: string, now: number): boolean {
    return (this.#until.get(origin) ?? 0) > now;
  }
}
