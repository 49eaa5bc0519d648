import { multiaddr } from '@multiformats/multiaddr';
import { BitorchError, check, dropOldest, z } from '#base';
import { hostOf } from '../connections.ts';
import { addressGroup, multiaddrOf, parseDialable, scopeOfRemote } from '../dialable.ts';
import type { Libp2pNode } from '../libp2p-node.ts';

export const DIAL_BACK_PROTOCOL = '/bitorch/network/dial-back/1';

/** How long a dial back may take. */
const DIAL_BACK_MS = 5_000;
/** Dials back under way, and the least time between two for one address group. */
const MAX_DIALS = 8;
const PAUSE_MS = 2_000;
/** Address groups whose last dial back is remembered. */
const MAX_GROUPS = 1024;

const requestSchema = z.strictObject({ port: z.number().int().min(1).max(65_535) });
const answerSchema = z.strictObject({ reached: z.boolean() });

/**
 * Dials peers back at their request, so that they learn whether strangers can reach them: the idea of AutoNAT. Only the
 * address that the request came from is dialled, on a port that the peer chooses, and only a public one: so nobody can
 * have this node dial anybody else.
 */
export class DialBacks {
  readonly #libp2p: Libp2pNode;
  readonly #now: () => number;
  readonly #lastOf = new Map<string, number>();
  #dials = 0;

  constructor(libp2p: Libp2pNode, now: () => number = () => performance.now()) {
    this.#libp2p = libp2p;
    this.#now = now;
  }

  /** Throws PEER_BUSY, and ADDRESS_INVALID for a peer without a direct connection from a public address. */
  async answer(message: unknown, from: string): Promise<{ reached: boolean }> {
    const { port } = check(requestSchema, message, 'dial-back request');
    const host = this.#hostOf(from);
    this.#admit(addressGroup(host));
    this.#dials++;
    const address = multiaddr(`${multiaddrOf(parseDialable(host, port)!)}/p2p/${from}`);
    try {
      const signal = AbortSignal.timeout(DIAL_BACK_MS);
      const connection = await this.#libp2p.dial(address, { signal, force: true });
      connection.close().catch((error: Error) => connection.abort(error));
      return { reached: true };
    } catch {
      return { reached: false };
    } finally {
      this.#dials--;
    }
  }

  #hostOf(peer: string): string {
    const hosts = this.#libp2p
      .getConnections()
      .filter(({ remotePeer }) => remotePeer.toString() === peer)
      .flatMap(({ remoteAddr }) => hostOf(remoteAddr) ?? []);
    const host = hosts.find((one) => scopeOfRemote(one) === 'public' && parseDialable(one, 1));
    if (host !== undefined) return host;
    throw new BitorchError('ADDRESS_INVALID', 'only peers with a public address are dialled back');
  }

  #admit(group: string): void {
    const last = this.#lastOf.get(group) ?? Number.NEGATIVE_INFINITY;
    if (this.#dials >= MAX_DIALS || this.#now() - last < PAUSE_MS)
      throw new BitorchError('PEER_BUSY', 'too many dial-backs at once: ask again later');
    this.#lastOf.delete(group);
    this.#lastOf.set(group, this.#now());
    dropOldest(this.#lastOf, MAX_GROUPS);
  }
}

/** Whether the asked peer says that it got through. Throws SCHEMA errors of `check`. */
export const decodeDialBack = (answer: unknown): boolean =>
  check(answerSchema, answer, 'dial-back answer').reached;
