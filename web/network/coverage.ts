import type { ModelView, NodeView } from '../../src/node/api/node-api.ts';

/** For each block of a model, the ids of the reachable nodes that run it. */
export function runnersOf(model: ModelView, nodes: readonly NodeView[]): string[][] {
  const runners = Array.from({ length: model.layers }, (): string[] => []);
  for (const { id, state, holdings } of nodes) {
    if (state !== 'online') continue;
    for (const { modelId, blocks } of holdings) {
      if (modelId !== model.id || !blocks) continue;
      for (let block = blocks.first; block < Math.min(blocks.end, model.layers); block++)
        runners[block]!.push(id);
    }
  }
  return runners;
}

/** For each block of a model, how many reachable nodes run it. */
export const coverageOf = (model: ModelView, nodes: readonly NodeView[]): number[] =>
  runnersOf(model, nodes).map(({ length }) => length);

/** Ids of the reachable nodes that run blocks of a model. */
export const computersOf = (model: ModelView, nodes: readonly NodeView[]): Set<string> =>
  new Set(runnersOf(model, nodes).flat());
