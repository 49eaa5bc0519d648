import type { Directory, KnownNode } from '../peers/directory.ts';
import { idOfHolding } from '../peers/holdings.ts';
import type { Library } from './library.ts';

/** How much a model is used, as this node counts it. */
export interface ModelUse {
  /** Reachable nodes that say they run a part of it for others. */
  readonly running: number;
  /** Reachable nodes that say they hold a part of it. */
  readonly holders: number;
  /** Different addresses that these nodes are connected from, or were told of from. */
  readonly origins: readonly string[];
  /** Bytes of it that this node has given to others. */
  readonly uploaded: number;
}

/** Addresses of a model that are counted: so many are many. */
const MAX_ORIGINS = 64;

/** Every model that a reachable node holds, with its use. */
export function usesOf({
  directory,
  library,
}: {
  directory: Pick<Directory, 'nodes'>;
  library: Pick<Library, 'find'>;
}): Map<string, ModelUse> {
  const uses = new Map<string, { -readonly [K in keyof ModelUse]: ModelUse[K] } & { origins: string[] }>();
  for (const { reachable, origin, holdings } of directory.nodes()) {
    if (!reachable) continue;
    for (const holding of holdings) {
      const id = idOfHolding(holding);
      let use = uses.get(id);
      if (!use) {
        use = { running: 0, holders: 0, origins: [], uploaded: uploadedOf(library, id) };
        uses.set(id, use);
      }
      use.holders++;
      if (holding.blocks) use.running++;
      if (use.origins.length < MAX_ORIGINS && !use.origins.includes(origin)) use.origins.push(origin);
    }
  }
  return uses;
}

const uploadedOf = (library: Pick<Library, 'find'>, id: string): number =>
  library
    .find(id)
    ?.torrent.peers()
    .reduce((sum, { uploaded }) => sum + uploaded, 0) ?? 0;

/**
 * The most used first, by what this node sees: bytes that others took from it, then addresses. How many nodes say that
 * they run or hold a model is no measure: anybody can be any number of nodes.
 */
export const byUse = (a: ModelUse, b: ModelUse): number =>
  b.uploaded - a.uploaded || b.origins.length - a.origins.length;

/**
 * The same models, those in use first, then one of each address in turn: who announces a thousand under as many names
 * delays the first one of everybody else by one.
 */
export function inTurns<T extends { readonly use: ModelUse }>(models: readonly T[]): T[] {
  const taken = new Map<string, number>();
  const ranked = models.map((model) => {
    const { origins, uploaded } = model.use;
    const rank = Math.min(...origins.map((origin) => taken.get(origin) ?? 0));
    for (const origin of origins) taken.set(origin, (taken.get(origin) ?? 0) + 1);
    return { model, rank: uploaded > 0 ? 0 : rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ model }) => model);
}

/** The host that a node's multiaddrs name. */
export const hostOf = ({ addresses }: Pick<KnownNode, 'addresses'>): string | undefined =>
  addresses.map((address) => /^\/(?:ip4|ip6|dns4|dns6)\/([^/]+)\//.exec(address)?.[1]).find((host) => host);
