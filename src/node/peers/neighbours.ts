import { shuffled } from '#base';
import { addressGroup, type Host, parseMultiaddr, RELAYED } from '#network';
import type { KnownNode } from './known-node.ts';

/** A node connects to nodes of its view until it has so many connections, */
const CONNECTIONS_WANTED = 16;
/** of one address at most so many, */
const AT_ONE_ADDRESS = 2;
/** and with so many that share each of its first models. */
const COMPANY_WANTED = 3;
const MODELS_WITH_COMPANY = 4;

interface NeighbourDependencies {
  readonly host: Pick<Host, 'id' | 'connected' | 'isConnected' | 'scopeOf' | 'originOf'>;
  readonly nodes: () => KnownNode[];
  readonly holdersOf: (manifest: string) => KnownNode[];
  readonly random: () => number;
}

/** Chooses the nodes to connect to: random ones with different addresses, and some that share this node's models. */
export class Neighbours {
  readonly #deps: NeighbourDependencies;

  constructor(dependencies: NeighbourDependencies) {
    this.#deps = dependencies;
  }

  /** Nodes to connect to now. `own`: manifests (hexadecimal) that this node holds. */
  missing(own: readonly string[]): KnownNode[] {
    const { host } = this.#deps;
    const room = CONNECTIONS_WANTED - host.connected.length;
    const chosen = room > 0 ? this.#spread(this.#candidates(this.#deps.nodes()), room) : [];
    return [...new Set([...chosen, ...this.#company(own)])];
  }

  /** Of its first models, those that it is connected with too few others of. */
  lonely(own: readonly string[]): string[] {
    const { host, holdersOf } = this.#deps;
    const isLonely = (manifest: string) =>
      holdersOf(manifest).filter(({ id }) => host.isConnected(id)).length < COMPANY_WANTED;
    return own.slice(0, MODELS_WITH_COMPANY).filter(isLonely);
  }

  #company(own: readonly string[]): KnownNode[] {
    for (const manifest of this.lonely(own)) {
      const [first] = this.#spread(this.#candidates(this.#deps.holdersOf(manifest)), 1);
      if (first) return [first];
    }
    return [];
  }

  #candidates(nodes: readonly KnownNode[]): KnownNode[] {
    const { host, random } = this.#deps;
    const others = nodes.filter(({ id, reachable }) => reachable && id !== host.id && !host.isConnected(id));
    return shuffled(
      others.filter(({ addresses }) => addresses.length > 0),
      random,
    );
  }

  /** The first of them that do not make too many of one public address. All that are behind relays count as at one. */
  #spread(nodes: readonly KnownNode[], count: number): KnownNode[] {
    const { host } = this.#deps;
    const used = new Map<string, number>();
    const isFree = (place: string): boolean => {
      const before = used.get(place) ?? 0;
      used.set(place, before + 1);
      return before < AT_ONE_ADDRESS;
    };
    for (const peer of host.connected) if (host.scopeOf(peer) === 'public') isFree(host.originOf(peer));
    const spread: KnownNode[] = [];
    for (const node of nodes) {
      const [first] = node.addresses.flatMap((address) => parseMultiaddr(address) ?? []);
      const isNear = first !== undefined && first.scope !== 'public';
      if (isNear || isFree(first ? addressGroup(first.host) : RELAYED)) spread.push(node);
      if (spread.length === count) break;
    }
    return spread;
  }
}
