import { type FlowValue, join, sameValue } from './value.ts';

/** The variables of a template, loop or macro. */
export interface Scope {
  /** Loop variables and parameters, which hide outer variables of the same name. */
  readonly given: Map<string, FlowValue>;
  /** Variables set inside. Until then the name may refer to an outer variable. */
  readonly set: Map<string, FlowValue>;
}

/** After this many passes a text that still changes becomes unknown, so that values grow in few steps. */
const PASSES_WITH_TEXTS = 4;

/**
 * What each variable of a template may hold anywhere, regardless of the order of execution: values only grow.
 * "name()" is the output of a macro, ".name" a field of any namespace.
 */
export class Variables {
  /** Whether any value grew in this pass. */
  grew = false;
  /** The scopes around the code being analysed, innermost last. */
  scopes: readonly Scope[] = [{ given: new Map(), set: new Map() }];
  readonly #global = this.scopes[0]!;
  /** Scopes by the loop, macro or call that they belong to. */
  readonly #inner = new Map<object, Scope>();
  #passes = 0;

  beginPass(): void {
    this.grew = false;
    this.#passes++;
  }

  /** Analyses the body of a loop or macro in its own scope, inside `outer`. */
  within<T>(node: object, follow: () => T, outer: readonly Scope[] = this.scopes): T {
    const before = this.scopes;
    this.scopes = [...outer, this.scopeOf(node)];
    const result = follow();
    this.scopes = before;
    return result;
  }

  scopeOf(node: object): Scope {
    let scope = this.#inner.get(node);
    if (!scope) {
      scope = { given: new Map(), set: new Map() };
      this.#inner.set(node, scope);
    }
    return scope;
  }

  get(name: string): FlowValue | undefined {
    let value: FlowValue | undefined;
    for (const { given, set } of this.scopes.toReversed()) {
      for (const found of [set.get(name), given.get(name)])
        if (found) value = value ? join(value, found) : found;
      if (given.has(name)) break;
    }
    return value;
  }

  /** Adds to a loop variable or parameter of the current scope, or of another one. */
  give(name: string, value: FlowValue, { given }: Scope = this.scopes.at(-1)!): void {
    this.#grow(given, name, value);
  }

  set(name: string, value: FlowValue): void {
    this.#grow(this.scopes.at(-1)!.set, name, value);
  }

  setGlobal(name: string, value: FlowValue): void {
    this.#grow(this.#global.set, name, value);
  }

  #grow(variables: Map<string, FlowValue>, name: string, value: FlowValue): void {
    const before = variables.get(name);
    let after = before ? join(before, value) : value;
    if (before && sameValue(before, after)) return;
    this.grew = true;
    if (before && this.#passes > PASSES_WITH_TEXTS) after = { ...after, texts: undefined };
    variables.set(name, after);
  }
}
