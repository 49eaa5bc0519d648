import type { Hop } from '../../src/node/api/node-api.ts';
import { blockRange } from '../format.ts';
import { network } from '../state/live.ts';

/** The route of an answer: from your node through every stage and back, where the next token is sampled. */
export function Route({ hops, live }: { hops: Hop[]; live: boolean }) {
  const self = network.value?.self.name ?? 'your node';
  return (
    <ol class="route" data-live={live} aria-label="Route of this answer">
      <li class="end">{self}</li>
      {hops.map((hop) => (
        <li key={`${hop.nodeId}:${hop.first}`}>
          <strong>{hop.name}</strong> <span class="muted">blocks {blockRange(hop)}</span>
        </li>
      ))}
      <li class="end">{self}</li>
    </ol>
  );
}
