import type { OnnxCalls } from '#formats';

/** What is left when each call of a model's own functions is replaced by what it calls. */
export interface Unfolded {
  /** A function that comes back to itself: it never ends. */
  circle: string | undefined;
  nodes: number;
  /** Calls inside of calls. */
  depth: number;
}

interface Size {
  nodes: number;
  depth: number;
}

/**
 * Follows all calls once, without recursion: time grows with the number of different calls. `functions`: bodies by
 * callKey().
 */
export function unfold(functions: ReadonlyMap<string, OnnxCalls>, main: OnnxCalls): Unfolded {
  const sizes = new Map<string, Size>();
  const open = new Set<string>();
  for (const root of functions.keys()) {
    const path = [root];
    while (path.length > 0) {
      const name = path.at(-1)!;
      const body = functions.get(name)!;
      const inside = sizes.has(name) ? [] : calledIn(body, functions);
      // A body is looked at twice: before what it calls, and when all of that is known.
      if (!sizes.has(name) && !open.has(name)) {
        open.add(name);
        const circle = inside.find(([callee]) => open.has(callee));
        if (circle) return { circle: circle[0], nodes: Number.POSITIVE_INFINITY, depth: 0 };
        path.push(...inside.map(([callee]) => callee).filter((callee) => !sizes.has(callee)));
        continue;
      }
      path.pop();
      open.delete(name);
      if (!sizes.has(name)) sizes.set(name, sizeOf(body, inside, sizes));
    }
  }
  return { circle: undefined, ...sizeOf(main, calledIn(main, functions), sizes) };
}

const calledIn = ({ calls }: OnnxCalls, functions: ReadonlyMap<string, OnnxCalls>): [string, number][] =>
  [...calls].filter(([name]) => functions.has(name));

function sizeOf(
  { nodes }: OnnxCalls,
  inside: readonly [name: string, count: number][],
  sizes: ReadonlyMap<string, Size>,
): Size {
  const whole = { nodes, depth: 0 };
  for (const [name, count] of inside) {
    const { nodes: each, depth } = sizes.get(name)!;
    whole.nodes += count * each;
    whole.depth = Math.max(whole.depth, 1 + depth);
  }
  return whole;
}
