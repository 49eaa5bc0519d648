import type { Hop } from '../../src/node/api/node-api.ts';
import { blockRange } from '../format.ts';
import { hueOf } from '../network/hues.ts';

/**
 * The computers that an answer goes through, as chips in their colours. While it is written, each piece of text passes along
 * them: `beat` counts the pieces.
 */
export function Route({ hops, live, beat }: { hops: readonly Hop[]; live: boolean; beat: number }) {
  return (
    <ol
      class="route"
      data-live={live}
      data-beat={live ? beat % 2 : undefined}
      aria-label="Route of this answer"
      title="From your computer through each of these and back"
    >
      {hops.map((hop, place) => (
        <li key={`${hop.nodeId}:${hop.first}`} class="chip" data-hue={hueOf(hop.nodeId, place)}>
          <span class="chip-name" dir="auto">
            {hop.name}
          </span>{' '}
          <span class="chip-blocks">
            <span class="visually-hidden">blocks </span>
            {blockRange(hop)}
          </span>
        </li>
      ))}
    </ol>
  );
}
