import { dropOldest } from '#base';
/** What peers see of this node's outgoing connections, and what that says of the router between. */

/** `none`: the address is this machine's own. `cone`: one mapping for all peers. `symmetric`: one for each peer. */
export type NatKind = 'none' | 'cone' | 'symmetric' | 'unknown';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface Sighting extends Endpoint {
  /** Address group of the peer that saw it. */
  readonly by: string;
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
}

/** Sightings kept, one for each group of peers, and for how long. */
const MAX_SIGHTINGS = 16;
const SIGHTING_MS = 30 * 60_000;

/** The endpoints at which peers saw the connections that left from the shared port. */
export class Sightings {
  readonly #byGroup = new Map<string, Sighting>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Each group of peers has one say, so that one address cannot outvote the others. */
  note(by: string, endpoint: Endpoint): void {
    this.#byGroup.delete(by);
    this.#byGroup.set(by, { ...endpoint, by, at: this.#now() });
    dropOldest(this.#byGroup, MAX_SIGHTINGS);
  }

  /** Distinct endpoints, those seen by most groups first. */
  get endpoints(): Endpoint[] {
    return mostFirst(this.#recent, ({ host, port }) => `${host} ${port}`).map(({ host, port }) => ({
      host,
      port,
    }));
  }

  /** The address of the router (or of this machine) that most peers see. */
  get host(): string | undefined {
    return mostFirst(this.#recent, ({ host }) => host)[0]?.host;
  }

  /** `ownHosts`: the addresses of this machine's interfaces. */
  kind(ownHosts: readonly string[]): NatKind {
    const recent = this.#recent.filter(({ host }) => host === this.host);
    if (this.host === undefined) return 'unknown';
    if (ownHosts.includes(this.host)) return 'none';
    if (recent.length < 2) return 'unknown';
    return new Set(recent.map(({ port }) => port)).size === 1 ? 'cone' : 'symmetric';
  }

  get #recent(): Sighting[] {
    const oldest = this.#now() - SIGHTING_MS;
    return [...this.#byGroup.values()].filter(({ at }) => at >= oldest);
  }
}

/** One of each key, those with the most others of their key first, then the newest. */
function mostFirst(sightings: readonly Sighting[], keyOf: (one: Sighting) => string): Sighting[] {
  const groups = new Map<string, Sighting[]>();
  for (const one of sightings) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()]
    .sort((a, b) => b.length - a.length || b.at(-1)!.at - a.at(-1)!.at)
    .map((group) => group.at(-1)!);
}
