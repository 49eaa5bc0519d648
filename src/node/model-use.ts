import { toHex } from '#base';
import type { Directory } from './directory.ts';
import type { Library } from './library.ts';

/** How much a model is used, as this node counts it. */
export interface ModelUse {
  /** Reachable nodes that run a part of it for others. */
  readonly running: number;
  /** Reachable nodes that hold a part of it. */
  readonly holders: number;
  /** Bytes of it that this node has given to others. */
  readonly uploaded: number;
}

/** Every model that a reachable node holds, with its use. */
export function usesOf({
  directory,
  library,
}: {
  directory: Directory;
  library: Library;
}): Map<string, ModelUse> {
  const uses = new Map<string, ModelUse>();
  for (const { holdings } of directory.nodes().filter(({ reachable }) => reachable)) {
    for (const { manifest, blocks } of holdings) {
      const id = toHex(manifest);
      const { running, holders, uploaded } = uses.get(id) ?? {
        running: 0,
        holders: 0,
        uploaded: uploadedOf(library, id),
      };
      uses.set(id, { running: running + (blocks ? 1 : 0), holders: holders + 1, uploaded });
    }
  }
  return uses;
}

const uploadedOf = (library: Library, id: string): number =>
  library
    .find(id)
    ?.torrent.peers()
    .reduce((sum, { uploaded }) => sum + uploaded, 0) ?? 0;

/** The most used first. */
export const byUse = (a: ModelUse, b: ModelUse): number =>
  b.running - a.running || b.holders - a.holders || b.uploaded - a.uploaded;
