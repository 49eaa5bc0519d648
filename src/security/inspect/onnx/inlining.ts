import type { OnnxCalls } from '#formats';

/** Size of a graph after inlining all calls of the model's own functions. */
export interface Unfolded {
  /** A function that calls itself, directly or indirectly; undefined if none does. */
  circle: string | undefined;
  nodes: number;
  /** Depth of nested calls. */
  depth: number;
}

interface Size {
  nodes: number;
  depth: number;
}

/**
 * Computes the size of `main` after inlining, without recursion: time grows with the number of distinct calls.
 * `functions`: bodies by callKey().
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
      // Each body is visited twice: before its callees, and after all of them are known.
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
