import type { ModelView, NodeView } from '../../src/node/api/node-api.ts';

/** For each block of a model, how many reachable nodes run it. */
export function coverageOf(model: ModelView, nodes: readonly NodeView[]): number[] {
  const coverage = new Array<number>(model.layers).fill(0);
  for (const { state, holdings } of nodes) {
    if (state !== 'online') continue;
    for (const { modelId, blocks } of holdings) {
      if (modelId !== model.id || !blocks) continue;
      for (let block = blocks.first; block < Math.min(blocks.end, model.layers); block++) coverage[block]!++;
    }
  }
  return coverage;
}
