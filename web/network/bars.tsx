/** Block bars: one cell per block, so that gaps and overlaps are visible at a glance. Text beside them says the same. */

const CELL = 10;
const GAP = 1.5;

interface Cells {
  /** One class name for each block. */
  cells: string[];
  label: string;
}

function Cells({ cells, label }: Cells) {
  // No gaps between the cells of a deep model: they would be too thin.
  const gap = cells.length > 64 ? 0 : GAP;
  return (
    <svg
      class="cells"
      viewBox={`0 0 ${cells.length * CELL - gap} 8`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      shape-rendering={gap === 0 ? 'crispEdges' : undefined}
    >
      {cells.map((state, block) => (
        <rect key={block} class={state} x={block * CELL} y="0" width={CELL - gap} height="8" />
      ))}
    </svg>
  );
}

/** How many nodes serve each block: none, one, several. */
export function CoverageBar({ coverage, label }: { coverage: number[]; label: string }) {
  const cells = coverage.map((nodes) =>
    nodes === 0 ? 'cell-gap' : nodes === 1 ? 'cell-once' : 'cell-often',
  );
  return <Cells cells={cells} label={label} />;
}

/** The span of a model that one node runs. `live`: it is computing now. */
export function SpanBar(props: { layers: number; first: number; end: number; live: boolean; label: string }) {
  const { layers, first, end, live, label } = props;
  const inside = live ? 'cell-live' : 'cell-own';
  const cells = Array.from({ length: layers }, (_, block) =>
    block >= first && block < end ? inside : 'cell-empty',
  );
  return <Cells cells={cells} label={label} />;
}

/** How much of something has been downloaded. */
export function HeldBar({ have, total, label }: { have: number; total: number; label: string }) {
  return <progress class="held" value={have} max={total || 1} aria-label={label} />;
}
