import type { BlockView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';

const BAR = 10;
const GAP = 3;
const HEIGHT = 48;

/** How long each recent block took to become final. The table of blocks below has the same numbers. */
export function FinalityChart({ blocks }: { blocks: readonly BlockView[] }) {
  const bars = blocks.filter((block) => block.finalityMs !== undefined).reverse();
  if (bars.length < 2) return null;
  const times = bars.map((block) => block.finalityMs!);
  const most = Math.max(...times);
  const width = bars.length * BAR - GAP;
  return (
    <figure class="panel finality">
      <figcaption>
        <h3>Time to finality</h3>
        <span class="muted small">
          {format.duration(Math.min(...times))} to {format.duration(most)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The last ${bars.length} blocks became final after ${format.duration(Math.min(...times))} to ${format.duration(most)}`}
      >
        {bars.map(({ height, finalityMs }, i) => {
          const size = Math.max(2, (finalityMs! / (most || 1)) * HEIGHT);
          const newest = i === bars.length - 1;
          return (
            <rect
              key={height}
              class={newest ? 'cell-live' : 'cell-own'}
              x={i * BAR}
              y={HEIGHT - size}
              width={BAR - GAP}
              height={size}
            >
              <title>{`Block ${height}: ${format.duration(finalityMs!)}`}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}
