/**
 * Finds patterns on which a backtracking engine takes superlinear time, by the ambiguity of their automata (Weber and
 * Seidl, "On the degree of ambiguity of finite automata", 1991): exponential if some text leads from a state back to
 * itself in two ways; polynomial if some text can be read in a loop at one state, in a loop at a later state, and on
 * the way between them.
 */

import type { CharacterSet } from './alphabet.ts';
import { type Automaton, automatonOf, WorkBudget } from './automaton.ts';
import { components } from './components.ts';
import { parseRegex, type RegexNode } from './syntax.ts';

/**
 * Degree of the polynomial that bounds an engine's steps from one starting position by the text's length: 1 for sound
 * patterns, infinite if steps grow exponentially. Loops after which nothing can fail do not count, since no engine
 * backtracks into them. `whole`: work budget of all patterns of a file. Throws REGEX_INVALID for patterns that cannot
 * be judged.
 */
export function backtrackingDegree(pattern: string, whole?: WorkBudget): number {
  const work = new WorkBudget(whole);
  const lookarounds = new Set<RegexNode>();
  let degree = degreeOf(automatonOf(parseRegex(pattern), lookarounds, work), work);
  // Lookarounds may nest: the set grows while it is walked.
  for (const look of lookarounds)
    degree = Math.max(degree, degreeOf(automatonOf(look, lookarounds, work), work));
  return degree;
}

function degreeOf(automaton: Automaton, work: WorkBudget): number {
  const { sets, follow, double } = automaton;
  const component = components(sets.length, (state) => [...follow[state]!]);
  const sizes = new Map<number, number>();
  for (const name of component) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const onCycle = (from: number, to: number) => component[from] === component[to];
  if (double.some(([from, to]) => onCycle(from, to) && sets[to] !== 0n)) return Number.POSITIVE_INFINITY;
  const cyclic = sets.flatMap((_, state) =>
    sizes.get(component[state]!)! > 1 || follow[state]!.has(state) ? [state] : [],
  );
  if (hasTwinPath(sets, follow, component, cyclic, work)) return Number.POSITIVE_INFINITY;
  return longestChain(automaton, component, cyclic, work);
}

/**
 * Whether two different paths lead from a state back to it over one text: a component of state pairs that holds (q,q)
 * and some (p,r) with p ≠ r.
 */
function hasTwinPath(
  sets: readonly CharacterSet[],
  follow: readonly Set<number>[],
  component: readonly number[],
  cyclic: readonly number[],
  work: WorkBudget,
): boolean {
  const index = new Map(cyclic.map((state, n) => [state, n]));
  const count = cyclic.length;
  // The tables of pairs take about thirty bytes per pair.
  work.spend(4 * count * count);
  const next = (pair: number): number[] => {
    const [a, b] = [cyclic[Math.floor(pair / count)]!, cyclic[pair % count]!];
    const found: number[] = [];
    for (const c of follow[a]!) {
      work.spend(1);
      if (component[c] !== component[a] || !index.has(c)) continue;
      work.spend(follow[b]!.size);
      for (const d of follow[b]!) {
        if (component[d] === component[b] && index.has(d) && (sets[c]! & sets[d]!) !== 0n) {
          found.push(index.get(c)! * count + index.get(d)!);
        }
      }
    }
    return found;
  };
  const names = components(count * count, next);
  const diagonal = new Set(cyclic.map((_, n) => names[n * count + n]!));
  return names.some((name, pair) => Math.floor(pair / count) !== pair % count && diagonal.has(name));
}

/** The longest chain of loops that can divide one text among them in many ways. */
function longestChain(
  automaton: Automaton,
  component: readonly number[],
  cyclic: readonly number[],
  work: WorkBudget,
): number {
  const loops = cyclic.filter((state) => !automaton.done.has(state) && automaton.sets[state] !== 0n);
  const later = new Map<number, Set<number>>();
  for (const p of loops) {
    const between = reachable(automaton, p, work);
    work.spend(loops.length);
    for (const q of loops) {
      const [from, to] = [component[p]!, component[q]!];
      if (from === to || !between.has(q) || later.get(from)?.has(to)) continue;
      if (!sharesText(automaton, component, p, q, work)) continue;
      later.set(from, (later.get(from) ?? new Set()).add(to));
    }
  }
  const lengths = new Map<number, number>();
  const length = (loop: number): number => {
    const known = lengths.get(loop) ?? 1 + Math.max(0, ...[...(later.get(loop) ?? [])].map(length));
    lengths.set(loop, known);
    return known;
  };
  return Math.max(1, ...[...later.keys()].map(length));
}

function reachable({ follow }: Automaton, from: number, work: WorkBudget): Set<number> {
  const found = new Set([from]);
  for (const state of found) {
    work.spend(follow[state]!.size);
    for (const next of follow[state]!) found.add(next);
  }
  return found;
}

/** Whether some text leads from p to p, from p to q and from q to q. */
function sharesText(
  { sets, follow }: Automaton,
  component: readonly number[],
  p: number,
  q: number,
  work: WorkBudget,
): boolean {
  const count = sets.length;
  const goal = (p * count + q) * count + q;
  const found = new Set([(p * count + p) * count + q]);
  for (const triple of found) {
    const [a, b, c] = [
      Math.floor(triple / count / count),
      Math.floor(triple / count) % count,
      triple % count,
    ];
    for (const nextA of follow[a]!) {
      if (component[nextA] !== component[p]) continue;
      for (const nextC of follow[c]!) {
        work.spend(1);
        const shared = sets[nextA]! & sets[nextC]!;
        if (component[nextC] !== component[q] || shared === 0n) continue;
        for (const nextB of follow[b]!) {
          work.spend(1);
          if ((sets[nextB]! & shared) !== 0n) found.add((nextA * count + nextB) * count + nextC);
        }
      }
    }
    if (found.has(goal)) return true;
  }
  return false;
}
