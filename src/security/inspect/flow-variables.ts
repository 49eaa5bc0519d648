import { type FlowValue, join, sameValue } from './flow-value.ts';

/** Variables of the program, a loop or a macro. */
export interface Scope {
  /** What a loop or a caller gives: nothing outside counts for these names. */
  readonly given: Map<string, FlowValue>;
  /** What is set inside, so that before that the name may be one from outside. */
  readonly set: Map<string, FlowValue>;
}

/** After so many passes a text that still changes counts as any text, so that values grow by few steps only. */
const PASSES_WITH_TEXTS = 4;

/**
 * What each variable of a template may be anywhere, whatever the order: values only grow. "name()" is what a macro writes,
 * ".name" a field of any namespace.
 */
export class Variables {
  /** Whether any value has grown in this pass. */
  grew = false;
  /** Those around what is being followed, the innermost last. */
  scopes: readonly Scope[] = [{ given: new Map(), set: new Map() }];
  readonly #global = this.scopes[0]!;
  /** By the loop, macro or call that they are of. */
  readonly #inner = new Map<object, Scope>();
  #passes = 0;

  beginPass(): void {
    this.grew = false;
    this.#passes++;
  }

  /** Follows the inside of a loop or macro, seen from `outer`. */
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

  /** A loop's variable or a parameter of what is being followed, or of another scope. */
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
