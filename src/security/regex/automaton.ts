/** Glushkov automaton of a pattern: one state per character set. */
import { BitorchError } from '#base';
import type { CharacterSet } from './alphabet.ts';
import type { RegexNode } from './syntax.ts';

const MAX_STATES = 4000;
const MAX_COPIES = 256;
/** Step budget of one pattern, including its lookarounds. Real patterns take a few thousand. */
const MAX_STEPS = 1 << 20;

const tooComplex = (): BitorchError =>
  new BitorchError('REGEX_INVALID', 'the pattern is larger than any that a tokenizer needs');

/** Step budget for analysing patterns: every loop over states or edges charges it. */
export class WorkBudget {
  readonly #whole: WorkBudget | undefined;
  #left: number;

  /** `whole`: an enclosing budget that is charged as well. */
  constructor(whole?: WorkBudget, steps = MAX_STEPS) {
    this.#whole = whole;
    this.#left = steps;
  }

  /** Charges steps. Throws REGEX_INVALID when the budget is exhausted. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw tooComplex();
    this.#whole?.spend(steps);
  }
}

export interface Automaton {
  sets: CharacterSet[];
  /** State → possible next states. */
  follow: Set<number>[];
  /** Edges that exist for two reasons: from nested loops. */
  double: [number, number][];
  /** States after which the pattern requires nothing more: the engine matches there and never backtracks. */
  done: ReadonlySet<number>;
}

interface Fragment {
  nullable: boolean;
  /** Whether it matches the empty text anywhere, without a lookaround or anchor. */
  free: boolean;
  first: number[];
  last: number[];
  /** Last states that no lookaround or anchor follows. */
  done: number[];
}

const EMPTY: Fragment = { nullable: true, free: true, first: [], last: [], done: [] };

/**
 * Builds the automaton of a pattern without its lookarounds, which are added to `lookarounds`. Throws REGEX_INVALID when it
 * is too large.
 */
export function automatonOf(node: RegexNode, lookarounds: Set<RegexNode>, work: WorkBudget): Automaton {
  const automaton: Automaton = { sets: [], follow: [], double: [], done: new Set() };
  const connect = (from: readonly number[], to: readonly number[]) => {
    work.spend(from.length * to.length);
    for (const a of from) {
      for (const b of to) {
        if (automaton.follow[a]!.has(b)) automaton.double.push([a, b]);
        else automaton.follow[a]!.add(b);
      }
    }
  };
  const sequence = (parts: readonly RegexNode[]): Fragment => {
    let whole = EMPTY;
    for (const part of parts) {
      const next = build(part);
      work.spend(whole.first.length + whole.last.length + whole.done.length);
      connect(whole.last, next.first);
      whole = {
        nullable: whole.nullable && next.nullable,
        free: whole.free && next.free,
        first: whole.nullable ? [...whole.first, ...next.first] : whole.first,
        last: next.nullable ? [...whole.last, ...next.last] : next.last,
        done: next.free ? [...whole.done, ...next.done] : next.done,
      };
    }
    return whole;
  };
  const build = (part: RegexNode): Fragment => {
    work.spend(1);
    switch (part.kind) {
      case 'nothing':
        return EMPTY;
      case 'lookaround':
        lookarounds.add(part.part);
        return { ...EMPTY, free: false };
      case 'set': {
        const state = automaton.sets.push(part.set) - 1;
        if (state > MAX_STATES) throw tooComplex();
        automaton.follow.push(new Set());
        return { nullable: false, free: false, first: [state], last: [state], done: [state] };
      }
      case 'sequence':
        return sequence(part.parts);
      case 'either': {
        const options = part.parts.map(build);
        return {
          nullable: options.some(({ nullable }) => nullable),
          free: options.some(({ free }) => free),
          first: options.flatMap(({ first }) => first),
          last: options.flatMap(({ last }) => last),
          done: options.flatMap(({ done }) => done),
        };
      }
      case 'repeat': {
        const { min, max } = part;
        const unbounded = max === Number.POSITIVE_INFINITY;
        const copies = unbounded ? Math.max(1, min) : max;
        if (copies > MAX_COPIES) throw tooComplex();
        if (copies === 0) return EMPTY;
        const optional = (n: number): RegexNode =>
          n < min ? part.part : { kind: 'either', parts: [part.part, { kind: 'nothing' }] };
        const before = Array.from({ length: copies - 1 }, (_, n) => optional(n));
        if (!unbounded) return sequence([...before, optional(copies - 1)]);
        const loop = (): Fragment => {
          const fragment = build(part.part);
          connect(fragment.last, fragment.first);
          return { ...fragment, nullable: fragment.nullable || min === 0, free: fragment.free || min === 0 };
        };
        const lead = sequence(before);
        const tail = loop();
        connect(lead.last, tail.first);
        return {
          nullable: lead.nullable && tail.nullable,
          free: lead.free && tail.free,
          first: lead.nullable ? [...lead.first, ...tail.first] : lead.first,
          last: tail.nullable ? [...lead.last, ...tail.last] : tail.last,
          done: tail.free ? [...lead.done, ...tail.done] : tail.done,
        };
      }
    }
  };
  return { ...automaton, done: new Set(build(node).done) };
}
