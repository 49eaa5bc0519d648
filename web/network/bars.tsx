/** Block bars: one cell per block, so that gaps and overlaps are visible at a glance. Text beside them says the same. */
import type { ModelView, NodeView } from '../../src/node/api/node-api.ts';
import { runnersOf } from './coverage.ts';
import { hueOf } from './hues.ts';

const CELL = 10;
const GAP = 1.5;

interface Cell {
  kind: 'gap' | 'empty' | 'run';
  hue?: number;
  live?: boolean;
}

function Cells({ cells, label }: { cells: Cell[]; label: string }) {
  // No gaps between the cells of a deep model: they would be too thin.
  const gap = cells.length > 64 ? 0 : GAP;
  return (
    <svg
      class="cells"
      viewBox={`0 0 ${Math.max(CELL, cells.length * CELL) - gap} 8`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      shape-rendering={gap === 0 ? 'crispEdges' : undefined}
    >
      {cells.map(({ kind, hue, live }, block) => (
        <rect
          key={block}
          class={`cell-${kind}`}
          data-hue={hue}
          data-live={live}
          x={block * CELL}
          y="0"
          width={CELL - gap}
          height="8"
        />
      ))}
    </svg>
  );
}

interface ModelBar {
  model: ModelView;
  nodes: readonly NodeView[];
  label: string;
  working: ReadonlySet<string>;
}

/** Which computer runs each block of a model, in its colour; `working`: those that compute now. */
export function CoverageBar({ model, nodes, label, working }: ModelBar) {
  const cells = runnersOf(model, nodes).map((runners): Cell => {
    const [first] = runners;
    if (first === undefined) return { kind: 'gap' };
    const shown = runners.find((id) => working.has(id)) ?? first;
    const hue = hueOf(shown);
    return { kind: 'run', hue, live: working.has(shown) };
  });
  return <Cells cells={cells} label={label} />;
}

interface Span {
  layers: number;
  first: number;
  end: number;
  hue: number;
  /** It is computing now. */
  live: boolean;
  label: string;
}

/** The span of a model that one node runs. */
export function SpanBar({ layers, first, end, hue, live, label }: Span) {
  const cells = Array.from(
    { length: layers },
    (_, block): Cell => (block >= first && block < end ? { kind: 'run', hue, live } : { kind: 'empty' }),
  );
  return <Cells cells={cells} label={label} />;
}

/** How much of something has been downloaded. */
export function HeldBar({ have, total, label }: { have: number; total: number; label: string }) {
  return <progress class="held" value={have} max={total || 1} aria-label={label} />;
}
