import { join } from 'node:path';
import type { Logger } from '#base';
import type { SigningKey } from '#crypto';
import { Contacts, type Host, type Scope } from '#network';
import type { NodeOptions } from '../options.ts';
import type { Description } from './announcement.ts';
import { Directory } from './directory.ts';
import { Notices } from './notices.ts';
import { SelfWatch, type Voter } from './self-watch.ts';

const LOOK_MS = 2_000;

/** The options of a node that concern its membership. */
type MembershipOptions = Pick<NodeOptions, 'home' | 'bootstrap' | 'roles'> & {
  /** Scopes of the invites that named contacts. */
  readonly scopes: Readonly<Record<string, Scope>>;
};

/** Nodes that a security node keeps in its view: it examines models of the whole network. */
const SECURITY_SAMPLE = 4096;

interface MembershipDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly log: Logger;
}

/** A node's membership in the network: its contacts, its directory, and notices to the owner about both. */
export class Membership {
  readonly directory: Directory;
  readonly notices: Notices;
  readonly contacts: Contacts;
  readonly #host: Host;
  readonly #watch: SelfWatch;
  #timer: NodeJS.Timeout | undefined;

  /** `bootstrap`: multiaddrs that end in /p2p/<peer id>. Throws OPTION_INVALID. */
  constructor({ home, bootstrap, roles, scopes }: MembershipOptions, dependencies: MembershipDependencies) {
    const { host, log } = dependencies;
    const contacts = new Contacts(
      { configured: bootstrap, scopes, file: join(home, 'contacts.json') },
      { host, log },
    );
    this.#host = host;
    this.contacts = contacts;
    this.notices = new Notices({ log });
    const watch = new SelfWatch({ notices: this.notices });
    this.#watch = watch;
    const sample = roles.includes('security') ? { sample: SECURITY_SAMPLE } : {};
    this.directory = new Directory(sample, {
      ...dependencies,
      observer: {
        met: (peer) => contacts.met(peer),
        announced: (announcement) => watch.announced(announcement),
        heardOwn: (announcement) => watch.heardOwn(announcement),
        heardClock: (id, time) => watch.heardClock(this.#voterOf(id), time),
      },
    });
  }

  /**
   * Announces what `describeSelf` returns. Resolves when a contact has sent the nodes that it knows. Continues alone
   * when no contact is reachable, and retries them until one is.
   */
  async start(describeSelf: () => Description): Promise<void> {
    const host = this.#host;
    host.onIdentify((peer, protocols) =>
      this.#watch.heardProtocols(this.#voterOf(peer), protocols, host.protocols),
    );
    await this.directory.start(describeSelf);
    await this.contacts.start();
    await this.directory.settled();
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** How far the clocks of peers are from this one's. */
  get clock(): ReturnType<SelfWatch['clock']> {
    return this.#watch.clock();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.directory.stop();
    await this.contacts.stop();
  }

  /** Peers that count as one: those of an address; on this machine each node for itself. */
  #voterOf(peer: string): Voter {
    const host = this.#host;
    const name = host.scopeOf(peer) === 'loopback' ? peer : host.originOf(peer);
    return { name, isChosen: host.hasDialled(peer) };
  }

  #look(): void {
    const { problem } = this.contacts;
    this.#watch.look();
    this.notices.set(
      'NETWORK_UNREACHABLE',
      problem && `none of the bootstrap nodes can be reached; this node keeps trying: ${problem}`,
    );
  }
}
