/**
 * Which variables of a scope are undefined until they are set, whatever the outer scope defines (jinja2/idtracking.py):
 * those that a scope sets before it reads them, in source order, and that no outer scope defines.
 */
import { overLimit } from './budget.ts';
import type { TemplateNode } from './token-cursor.ts';

const MAX_DEPTH = 1000;

type First = 'unset' | 'outer';

export class Symbols {
  readonly #parent: Symbols | undefined;
  #known = new Map<string, First>();
  #stored = new Set<string>();
  #depth = 0;

  constructor(parent?: Symbols) {
    this.#parent = parent;
  }

  /** Variables that are undefined until they are set. */
  get hidden(): ReadonlySet<string> {
    return new Set([...this.#known].filter(([, first]) => first === 'unset').map(([name]) => name));
  }

  parameter(target: TemplateNode): this {
    for (const name of namesOf(target)) {
      this.#known.set(name, 'outer');
      this.#stored.add(name);
    }
    return this;
  }

  knows(name: string): boolean {
    return this.#known.has(name) || (this.#parent?.knows(name) ?? false);
  }

  #load(name: string): undefined {
    if (!this.knows(name)) this.#known.set(name, 'outer');
  }

  #store(name: string): undefined {
    this.#stored.add(name);
    if (!this.#known.has(name)) this.#known.set(name, this.#parent?.knows(name) ? 'outer' : 'unset');
  }

  /** Visits statements and expressions, except those with a scope of their own. */
  read(nodes: readonly unknown[]): this {
    for (const node of nodes) this.#node(node);
    return this;
  }

  #node(node: unknown): undefined {
    if (typeof node !== 'object' || node === null) return;
    if (++this.#depth > MAX_DEPTH) throw overLimit('an expression of too many parts');
    this.#children(node);
    this.#depth--;
  }

  #children(node: object): undefined {
    if (node instanceof Map) return this.#all([...node].flat());
    if (Array.isArray(node)) return this.#all(node);
    const { type, value, assignee, ...fields } = node as TemplateNode;
    switch (type) {
      case 'Identifier':
        return this.#load(String(value));
      case 'If':
        return this.#if(node as TemplateNode);
      case 'For':
        return this.#node(
          fields.iterable && fields.filtered ? (fields.iterable as TemplateNode).lhs : fields.iterable,
        );
      case 'Macro':
        return this.#store(String((fields.name as TemplateNode).value));
      case 'CallStatement':
        return this.#node(fields.call);
      case 'FilterStatement':
        return this.#all([argumentsOf(fields.filter), fields.more]);
      case 'Set':
        this.#node(value);
        return this.#target(assignee as TemplateNode);
      case 'MemberExpression':
        return this.#all([fields.object, fields.computed ? fields.property : null]);
      case 'FilterExpression':
        return this.#all([fields.operand, argumentsOf(fields.filter)]);
      case 'TestExpression':
        return this.#all([fields.operand, fields.args]);
      case 'KeywordArgumentExpression':
        return this.#node(value);
      default:
        this.read(Object.values({ ...fields, value }));
    }
  }

  #target(target: TemplateNode): undefined {
    if (target.type === 'MemberExpression') this.#node(target.object);
    else for (const name of namesOf(target)) this.#store(name);
  }

  /** A variable that only some branches set is looked up in the outer scope on the others. */
  #if(node: TemplateNode): undefined {
    this.#node(node.test);
    const chain: TemplateNode[] = [];
    let otherwise = node.alternate as TemplateNode[];
    for (let next = otherwise[0]; next?.chained; next = otherwise[0]) {
      chain.push({ ...next, alternate: [], chained: false });
      otherwise = next.alternate as TemplateNode[];
    }
    const branches = [node.body as TemplateNode[], chain, otherwise].map((branch) =>
      this.#copy().read(branch),
    );
    const counts = new Map<string, number>();
    for (const branch of branches)
      for (const name of branch.#stored)
        if (!this.#stored.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const branch of branches) {
      for (const [name, first] of branch.#known) this.#known.set(name, first);
      for (const name of branch.#stored) this.#stored.add(name);
    }
    for (const [name, count] of counts) if (count < branches.length) this.#known.set(name, 'outer');
  }

  #all(nodes: readonly unknown[]): undefined {
    this.read(nodes);
  }

  #copy(): Symbols {
    const copy = new Symbols(this.#parent);
    copy.#known = new Map(this.#known);
    copy.#stored = new Set(this.#stored);
    return copy;
  }
}

/** The symbols of the scope of a part of a statement. */
export function symbolsOf(node: TemplateNode, part: string, parent: Symbols): Symbols {
  const symbols = new Symbols(parent);
  if (node.type === 'For' && part === 'body') symbols.parameter(node.loopvar as TemplateNode).parameter(LOOP);
  if (node.type === 'Macro' || node.type === 'CallStatement') {
    const parameters = ((node.type === 'Macro' ? node.args : node.callerArgs) ?? []) as TemplateNode[];
    for (const parameter of parameters) symbols.parameter(parameter);
  }
  return symbols.read([
    node[part],
    node.type === 'FilterStatement' ? [argumentsOf(node.filter), node.more] : null,
  ]);
}

const LOOP: TemplateNode = { type: 'Identifier', value: 'loop' };

const argumentsOf = (filter: unknown): unknown => (filter as TemplateNode).args ?? [];

function namesOf(target: TemplateNode): string[] {
  if (target.type === 'KeywordArgumentExpression') return namesOf(target.key as TemplateNode);
  if (target.type === 'Identifier') return [String(target.value)];
  return target.type === 'TupleLiteral' ? (target.value as TemplateNode[]).flatMap(namesOf) : [];
}
