/**
 * Finds patterns on which a backtracking engine can take exponential time: those whose automaton can read some text
 * from a state back to itself in two ways (exponential ambiguity: Weber and Seidl, "On the degree of ambiguity of
 * finite automata", 1991). The automaton is Glushkov's: one state for each character set of the pattern.
 */
import { BitorchError } from '#base';
import type { CharacterSet } from './alphabet.ts';
import { parseRegex, type RegexNode } from './syntax.ts';

const MAX_STATES = 4000;
const MAX_COPIES = 256;
const MAX_EDGES = 1_000_000;

const tooComplex = (): BitorchError =>
  new BitorchError('REGEX_INVALID', 'the pattern is larger than any that a tokenizer needs');

/** Whether some text can be read in exponentially many ways. Throws REGEX_INVALID for what cannot be judged. */
export function isExponential(pattern: string): boolean {
  const looks: RegexNode[] = [];
  const automata = [automatonOf(parseRegex(pattern), looks)];
  // Looks hold looks in turn: the list grows as it is walked.
  for (const look of looks) automata.push(automatonOf(look, looks));
  return automata.some(isAmbiguous);
}

interface Automaton {
  sets: CharacterSet[];
  /** State → states that can follow. */
  follow: Set<number>[];
  /** Edges that exist for two reasons: two loops around one another. */
  double: [number, number][];
}

interface Fragment {
  nullable: boolean;
  first: number[];
  last: number[];
}

function automatonOf(node: RegexNode, looks: RegexNode[]): Automaton {
  const automaton: Automaton = { sets: [], follow: [], double: [] };
  let work = 0;
  const spend = (steps: number) => {
    work += steps;
    if (work > MAX_EDGES) throw tooComplex();
  };
  const connect = (from: readonly number[], to: readonly number[]) => {
    spend(from.length * to.length);
    for (const a of from) {
      for (const b of to) {
        if (automaton.follow[a]!.has(b)) automaton.double.push([a, b]);
        else automaton.follow[a]!.add(b);
      }
    }
  };
  const sequence = (parts: readonly RegexNode[]): Fragment => {
    let whole: Fragment = { nullable: true, first: [], last: [] };
    for (const part of parts) {
      const next = build(part);
      connect(whole.last, next.first);
      whole = {
        nullable: whole.nullable && next.nullable,
        first: whole.nullable ? [...whole.first, ...next.first] : whole.first,
        last: next.nullable ? [...whole.last, ...next.last] : next.last,
      };
    }
    return whole;
  };
  const build = (part: RegexNode): Fragment => {
    spend(1);
    switch (part.kind) {
      case 'nothing':
        return { nullable: true, first: [], last: [] };
      case 'look':
        looks.push(part.part);
        return { nullable: true, first: [], last: [] };
      case 'set': {
        const state = automaton.sets.push(part.set) - 1;
        if (state > MAX_STATES) throw tooComplex();
        automaton.follow.push(new Set());
        return { nullable: false, first: [state], last: [state] };
      }
      case 'sequence':
        return sequence(part.parts);
      case 'either': {
        const options = part.parts.map(build);
        return {
          nullable: options.some(({ nullable }) => nullable),
          first: options.flatMap(({ first }) => first),
          last: options.flatMap(({ last }) => last),
        };
      }
      case 'repeat': {
        const { min, max } = part;
        const unbounded = max === Number.POSITIVE_INFINITY;
        const copies = unbounded ? Math.max(1, min) : max;
        if (copies > MAX_COPIES) throw tooComplex();
        if (copies === 0) return { nullable: true, first: [], last: [] };
        const optional = (n: number): RegexNode =>
          n < min ? part.part : { kind: 'either', parts: [part.part, { kind: 'nothing' }] };
        const before = Array.from({ length: copies - 1 }, (_, n) => optional(n));
        if (!unbounded) return sequence([...before, optional(copies - 1)]);
        const loop = (): Fragment => {
          const fragment = build(part.part);
          connect(fragment.last, fragment.first);
          return { ...fragment, nullable: fragment.nullable || min === 0 };
        };
        const lead = sequence(before);
        const tail = loop();
        connect(lead.last, tail.first);
        return {
          nullable: lead.nullable && tail.nullable,
          first: lead.nullable ? [...lead.first, ...tail.first] : lead.first,
          last: tail.nullable ? [...lead.last, ...tail.last] : tail.last,
        };
      }
    }
  };
  build(node);
  return automaton;
}

function isAmbiguous({ sets, follow, double }: Automaton): boolean {
  const component = components(sets.length, (state) => [...follow[state]!]);
  const sizes = new Map<number, number>();
  for (const name of component) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const onCycle = (from: number, to: number) => component[from] === component[to];
  if (double.some(([from, to]) => onCycle(from, to) && sets[to] !== 0n)) return true;
  const cyclic = sets.flatMap((_, state) =>
    sizes.get(component[state]!)! > 1 || follow[state]!.has(state) ? [state] : [],
  );
  return hasTwinPath(sets, follow, component, cyclic);
}

/** Whether two different paths lead from a state back to it over one text: a component of pairs with (q,q) and (p,r). */
function hasTwinPath(
  sets: readonly CharacterSet[],
  follow: readonly Set<number>[],
  component: readonly number[],
  cyclic: readonly number[],
): boolean {
  const index = new Map(cyclic.map((state, n) => [state, n]));
  const count = cyclic.length;
  let edges = 0;
  const next = (pair: number): number[] => {
    const [a, b] = [cyclic[Math.floor(pair / count)]!, cyclic[pair % count]!];
    const found: number[] = [];
    for (const c of follow[a]!) {
      if (component[c] !== component[a] || !index.has(c)) continue;
      for (const d of follow[b]!) {
        if (component[d] === component[b] && index.has(d) && (sets[c]! & sets[d]!) !== 0n) {
          found.push(index.get(c)! * count + index.get(d)!);
        }
      }
    }
    edges += found.length;
    if (edges > MAX_EDGES) throw tooComplex();
    return found;
  };
  if (count * count > MAX_EDGES) throw tooComplex();
  const names = components(count * count, next);
  const diagonal = new Set(cyclic.map((_, n) => names[n * count + n]!));
  return names.some((name, pair) => Math.floor(pair / count) !== pair % count && diagonal.has(name));
}

/** Strongly connected components (Tarjan, 1972), without recursion: the name of each vertex's component. */
function components(count: number, next: (vertex: number) => number[]): number[] {
  const order = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const name = new Array<number>(count).fill(-1);
  const path: number[] = [];
  let visited = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const work: { vertex: number; edges: number[] }[] = [];
    const enter = (vertex: number) => {
      order[vertex] = visited;
      low[vertex] = visited++;
      path.push(vertex);
      work.push({ vertex, edges: next(vertex) });
    };
    enter(root);
    while (work.length > 0) {
      const { vertex, edges } = work.at(-1)!;
      const target = edges.pop();
      if (target !== undefined) {
        if (order[target] === -1) enter(target);
        else if (name[target] === -1) low[vertex] = Math.min(low[vertex]!, order[target]!);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.vertex;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[vertex]!);
      if (low[vertex] !== order[vertex]) continue;
      for (let member = -1; member !== vertex; ) {
        member = path.pop()!;
        name[member] = vertex;
      }
    }
  }
  return name;
}
