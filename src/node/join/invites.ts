import { Mutex } from '#base';
import type { Services } from '../services.ts';
import { parseInvite } from './invite.ts';
import { inviteFacts } from './invite-facts.ts';
import { joinNetwork } from './join-network.ts';
import { makeInvite } from './make-invite.ts';

/** Makes invites to the node's network, and joins the network of others' invites. */
export class Invites {
  readonly #home: string;
  readonly #services: Services;
  readonly #signal: AbortSignal;
  readonly #joining = new Mutex();

  constructor(home: string, services: Services, signal: AbortSignal) {
    this.#home = home;
    this.#services = services;
    this.#signal = signal;
  }

  /** A new invite. Throws NETWORK_NONE, INVITE_UNREACHABLE, INVITE_TOO_LONG. */
  make(): string {
    const { host, key, trackers, guard, membership, chain } = this.#services;
    const facts = inviteFacts({ host, trackers, guard, chain, nodes: membership.directory.nodes() });
    return makeInvite(facts, { key, now: Date.now() });
  }

  /**
   * Joins the network of an invite; the node is part of it from its next start on. Joins wait for each other. Throws as
   * `parseInvite` and `joinNetwork` do.
   */
  async accept(text: string, { acceptRisks = false }: { acceptRisks?: boolean } = {}): Promise<void> {
    const invite = parseInvite(text, Date.now());
    const { host, chain } = this.#services;
    const dependencies = {
      host,
      signal: this.#signal,
      followed: chain?.genesis.parameters.chainId,
      acceptRisks,
    };
    await this.#joining.run(() => joinNetwork(this.#home, invite, dependencies));
  }
}
