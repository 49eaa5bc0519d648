/** Evaluates templates as transformers does with jinja2, in a bounded number of steps and characters. */
import { BitorchError, messageOf } from '#base';
import { Budget, refused, type TemplateLimits, type TextGuard } from './budget.ts';
import { child, children, Evaluator, nameOf } from './evaluator.ts';
import { globalsOf } from './globals.ts';
import { Loop } from './loop.ts';
import { stringOf } from './printing.ts';
import { Scope, unpackError } from './scope.ts';
import { Symbols, symbolsOf } from './symbols.ts';
import type { TemplateNode } from './token-cursor.ts';
import {
  type Arguments,
  Callable,
  Dict,
  iterate,
  listOf,
  Namespace,
  orElse,
  Tuple,
  toValue,
  truth,
  Undefined,
  type Value,
} from './values.ts';

/**
 * Renders a template from parseTemplate(). The number of steps and characters is bounded, and the same on every
 * machine. `now` is the result of strftime_now(); `guard` is applied to the results of text operations. Throws
 * TEMPLATE_REFUSES when the template raises an exception, does what is an error in Python, or uses a feature that this
 * interpreter lacks; TEMPLATE_LIMIT when it exceeds a limit.
 */
export function renderTemplate(
  tree: TemplateNode,
  values: Readonly<Record<string, unknown>>,
  limits: TemplateLimits,
  now: (format: string) => string,
  guard?: TextGuard,
): string {
  try {
    const budget = new Budget(limits, guard);
    const variables = Object.entries(values).map(([name, value]) => [name, toValue(value)] as const);
    const globals = new Scope(undefined, new Symbols(), globalsOf(now, budget));
    return new Interpreter(budget).render(tree, new Scope(globals, new Symbols(), variables));
  } catch (error) {
    throw error instanceof BitorchError ? error : refused(messageOf(error));
  }
}

/** How a turn of a loop ends early. */
const BREAK = Symbol('break');
const CONTINUE = Symbol('continue');
type Leaving = typeof BREAK | typeof CONTINUE | undefined;

class Interpreter extends Evaluator {
  readonly #symbols = new Map<TemplateNode, Map<string, Symbols>>();

  render(tree: TemplateNode, scope: Scope): string {
    const body = children(tree, 'body');
    return this.#text(body, new Scope(scope, new Symbols().read(body)));
  }

  /** Runs statements and returns their output. */
  #text(body: readonly TemplateNode[], scope: Scope): string {
    const out = new Output(this.budget);
    this.#run(body, scope, out);
    return out.text();
  }

  #run(body: readonly TemplateNode[], scope: Scope, out: Output): Leaving {
    return this.depth.within(() => {
      for (const node of body) {
        const leaving = this.#statement(node, scope, out);
        if (leaving) return leaving;
      }
      return undefined;
    });
  }

  #statement(node: TemplateNode, scope: Scope, out: Output): Leaving {
    this.enter();
    switch (node.type) {
      case 'If':
        return this.#if(node, scope, out);
      case 'For':
        return this.#for(node, scope, out);
      case 'Set':
        return this.#set(node, scope);
      case 'Macro':
        scope.set(
          nameOf(child(node, 'name')),
          this.#macro(node, nameOf(child(node, 'name')), children(node, 'args'), scope),
        );
        return undefined;
      case 'CallStatement':
        return this.#callStatement(node, scope, out);
      case 'FilterStatement':
        return this.#filterStatement(node, scope, out);
      case 'Break':
        return BREAK;
      case 'Continue':
        return CONTINUE;
      default:
        out.add(stringOf(this.expression(node, scope), this.budget));
        return undefined;
    }
  }

  /** The scope of a part of a node; the names it hides are the same each time. */
  #inner(
    scope: Scope,
    node: TemplateNode,
    part: string,
    variables: Iterable<readonly [string, Value]> = [],
  ): Scope {
    const known = this.#symbols.get(node) ?? new Map<string, Symbols>();
    this.#symbols.set(node, known);
    const symbols = known.get(part) ?? symbolsOf(node, part, scope.symbols);
    known.set(part, symbols);
    return new Scope(scope, symbols, variables);
  }

  /** "elif" is an "if" nested in the branch before; iterated to avoid recursion. */
  #if(node: TemplateNode, scope: Scope, out: Output): Leaving {
    for (let branch = node; ; ) {
      if (truth(this.evaluate(child(branch, 'test'), scope)))
        return this.#run(children(branch, 'body'), scope, out);
      const alternate = children(branch, 'alternate');
      const [only] = alternate;
      if (alternate.length !== 1 || only!.type !== 'If') return this.#run(alternate, scope, out);
      branch = only!;
      this.enter();
    }
  }

  #for(node: TemplateNode, scope: Scope, out: Output): Leaving {
    const iterable = child(node, 'iterable');
    const target = child(node, 'loopvar');
    const source = this.evaluate(node.filtered ? child(iterable, 'lhs') : iterable, scope);
    const items = iterate(source, this.budget);
    const loop = new Loop(
      node.filtered ? this.#filtered(items, iterable, target, scope) : items,
      this.budget,
    );
    let completed = false;
    for (let item = loop.next(); item !== undefined; item = loop.next()) {
      this.budget.step();
      const turn = this.#inner(scope, node, 'body', [['loop', loop]]);
      this.#assign(target, item, turn);
      const leaving = this.#run(children(node, 'body'), turn, out);
      if (leaving === BREAK) break;
      if (!leaving) completed = true;
    }
    // jinja2 does not count a turn that was left early.
    if (!completed) this.#run(children(node, 'defaultBlock'), this.#inner(scope, node, 'defaultBlock'), out);
    return undefined;
  }

  *#filtered(
    items: Iterable<Value>,
    select: TemplateNode,
    target: TemplateNode,
    scope: Scope,
  ): globalThis.Generator<Value, void> {
    this.enter();
    for (const item of items) {
      const inner = this.#inner(scope, select, 'test');
      this.#assign(target, item, inner);
      if (truth(this.evaluate(child(select, 'test'), inner))) yield item;
    }
  }

  #set(node: TemplateNode, scope: Scope): undefined {
    const source = node.value as TemplateNode | null;
    const value = source
      ? this.evaluate(source, scope)
      : this.#filters(
          children(node, 'more'),
          this.#text(children(node, 'body'), this.#inner(scope, node, 'body')),
          scope,
        );
    this.#assign(child(node, 'assignee'), value, scope);
  }

  #assign(target: TemplateNode, value: Value, scope: Scope): void {
    this.enter();
    if (target.type === 'Identifier') scope.set(nameOf(target), value);
    else if (target.type === 'MemberExpression') {
      const name = nameOf(child(target, 'object'));
      const namespace = scope.get(name);
      if (!(namespace instanceof Namespace)) throw refused('cannot assign attribute on non-namespace object');
      const attribute = nameOf(child(target, 'property'));
      if (attribute.startsWith('_')) throw refused(`the attribute ${attribute}`);
      namespace.attributes.set(attribute, value);
    } else {
      const names = children(target, 'value');
      const values = listOf(value, this.budget);
      if (values.length !== names.length) throw unpackError(names.length, values.length);
      for (const [n, name] of names.entries()) this.#assign(name, values[n]!, scope);
    }
  }

  /** A macro, or what "call" hands to one: `caller`. */
  #macro(node: TemplateNode, name: string, parameters: readonly TemplateNode[], scope: Scope): Callable {
    const body = children(node, 'body');
    return new Callable(name, ({ positional, named }) => {
      const inner = this.#inner(scope, node, 'body');
      const spare = new Map(named);
      for (const [n, parameter] of parameters.entries()) {
        const hasDefault = parameter.type === 'KeywordArgumentExpression';
        const key = nameOf(hasDefault ? child(parameter, 'key') : parameter);
        if (n < positional.length && spare.has(key)) throw refused(`macro '${name}' got '${key}' twice`);
        const given = n < positional.length ? positional[n] : spare.get(key);
        spare.delete(key);
        const missing = () =>
          hasDefault
            ? this.evaluate(child(parameter, 'value'), inner)
            : new Undefined(`parameter '${key}' was not provided`);
        inner.set(key, orElse(given, missing));
      }
      this.#special(node, name, { positional: positional.slice(parameters.length), named: spare }, inner);
      return this.#text(body, inner);
    });
  }

  /** varargs, kwargs and caller: where the body asks for them; elsewhere such arguments are an error. */
  #special(node: TemplateNode, name: string, { positional, named }: Arguments, scope: Scope): void {
    const uses = usedNames(node);
    const rest = new Map(named);
    if (uses.has('caller')) {
      scope.set(
        'caller',
        orElse(rest.get('caller'), () => new Undefined('No caller defined')),
      );
      rest.delete('caller');
    }
    if (uses.has('kwargs')) scope.set('kwargs', new Dict(rest));
    else if (rest.size > 0)
      throw refused(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
    if (uses.has('varargs')) scope.set('varargs', new Tuple(positional));
    else if (positional.length > 0) throw refused(`macro '${name}' takes not more arguments`);
  }

  #callStatement(node: TemplateNode, scope: Scope, out: Output): undefined {
    const call = child(node, 'call');
    this.enter();
    const callee = this.evaluate(child(call, 'callee'), scope);
    const { positional, named } = this.arguments(children(call, 'args'), scope);
    const caller = this.#macro(node, 'caller', (node.callerArgs as TemplateNode[] | null) ?? [], scope);
    const value = this.call(callee, { positional, named: new Map([...named, ['caller', caller]]) });
    out.add(stringOf(value, this.budget));
  }

  #filterStatement(node: TemplateNode, scope: Scope, out: Output): undefined {
    const inner = this.#inner(scope, node, 'body');
    const text = this.#text(children(node, 'body'), inner);
    const first = this.filter(child(node, 'filter'), text, inner);
    out.add(stringOf(this.#filters(children(node, 'more'), first, inner), this.budget));
  }

  #filters(filters: readonly TemplateNode[], value: Value, scope: Scope): Value {
    return filters.reduce((current, node) => {
      this.enter();
      return this.filter(child(node, 'filter'), current, scope);
    }, value);
  }
}

class Output {
  readonly #parts: string[] = [];
  readonly budget: Budget;
  #length = 0;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  add(text: string): void {
    if (text === '') return;
    this.#length += text.length;
    this.budget.charge(text.length);
    this.#parts.push(text);
  }

  text(): string {
    this.budget.text(this.#length);
    return this.#parts.join('');
  }
}

const USED = new WeakMap<TemplateNode, ReadonlySet<string>>();

/** The variables that appear anywhere in the body of a macro; each is looked through once. */
function usedNames(macro: TemplateNode): ReadonlySet<string> {
  let names = USED.get(macro);
  if (!names) {
    const found = new Set<string>();
    const waiting: unknown[] = [macro.body];
    while (waiting.length > 0) {
      const next = waiting.pop();
      if (typeof next !== 'object' || next === null) continue;
      const { type, value } = next as TemplateNode;
      if (type === 'Identifier' && typeof value === 'string') found.add(value);
      for (const inner of next instanceof Map ? [...next].flat() : Object.values(next)) waiting.push(inner);
    }
    names = found;
    USED.set(macro, names);
  }
  return names;
}
