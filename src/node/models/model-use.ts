import { toHex } from '#base';
import type { Directory, KnownNode } from '../peers/directory.ts';
import type { Library } from './library.ts';

/** How much a model is used, as this node counts it. */
export interface ModelUse {
  /** Reachable nodes that say they run a part of it for others. */
  readonly running: number;
  /** Reachable nodes that say they hold a part of it. */
  readonly holders: number;
  /** Different hosts that these nodes are reached at. */
  readonly hosts: number;
  /** Bytes of it that this node has given to others. */
  readonly uploaded: number;
}

/** Every model that a reachable node holds, with its use. */
export function usesOf({
  directory,
  library,
}: {
  directory: Pick<Directory, 'nodes'>;
  library: Pick<Library, 'find'>;
}): Map<string, ModelUse> {
  const seen = new Map<string, { running: number; holders: number; hosts: Set<string | undefined> }>();
  for (const node of directory.nodes().filter(({ reachable }) => reachable)) {
    const host = hostOf(node);
    for (const { manifest, blocks } of node.holdings) {
      const id = toHex(manifest);
      const use = seen.get(id) ?? { running: 0, holders: 0, hosts: new Set() };
      use.holders++;
      if (blocks) use.running++;
      use.hosts.add(host);
      seen.set(id, use);
    }
  }
  return new Map(
    [...seen].map(([id, use]) => [id, { ...use, hosts: use.hosts.size, uploaded: uploadedOf(library, id) }]),
  );
}

const uploadedOf = (library: Pick<Library, 'find'>, id: string): number =>
  library
    .find(id)
    ?.torrent.peers()
    .reduce((sum, { uploaded }) => sum + uploaded, 0) ?? 0;

/**
 * The most used first, by what this node sees: bytes that others took from it, then hosts. How many nodes say that they
 * run or hold a model is no measure: anybody can be any number of nodes.
 */
export const byUse = (a: ModelUse, b: ModelUse): number => b.uploaded - a.uploaded || b.hosts - a.hosts;

/** The host that a node's multiaddrs name. */
export const hostOf = ({ addresses }: Pick<KnownNode, 'addresses'>): string | undefined =>
  addresses.map((address) => /^\/(?:ip4|ip6|dns4|dns6)\/([^/]+)\//.exec(address)?.[1]).find((host) => host);
