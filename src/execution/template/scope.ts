import { overLimit, refused } from './budget.ts';
import type { Symbols } from './symbols.ts';
import type { Value } from './values.ts';

/** Variables of a template, loop turn, macro or block, inside an outer scope. */
export class Scope {
  readonly #variables = new Map<string, Value>();
  readonly #parent: Scope | undefined;
  readonly symbols: Symbols;
  readonly #hidden: ReadonlySet<string>;

  constructor(
    parent: Scope | undefined,
    symbols: Symbols,
    variables: Iterable<readonly [string, Value]> = [],
  ) {
    this.#parent = parent;
    this.symbols = symbols;
    this.#hidden = symbols.hidden;
    for (const [name, value] of variables) this.set(name, value);
  }

  get(name: string): Value | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const value = scope.#variables.get(name);
      if (value !== undefined) return value;
      if (scope.#hidden.has(name)) return undefined;
    }
    return undefined;
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }
}

/** Maximum nesting of statements, expressions and macros. */
const MAX_DEPTH = 400;

/** Counts the depth of an evaluation, and ends it before the machine's stack overflows. */
export class Depth {
  #depth = 0;

  within<T>(run: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw overLimit('endless recursion');
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }
}

export const unpackError = (wanted: number, given: number) =>
  refused(`${given} values where ${wanted} names are to be set`);
