/** Jinja with every cost counted: @huggingface/jinja's interpreter, whose operations are charged before they are made. */
import { Environment, Interpreter } from '@huggingface/jinja';
import { BitorchError, messageOf } from '#base';
import type { TemplateNode } from './template-syntax.ts';
import { isText, itemsOf, Measure, overLimit, type TemplateValue } from './template-values.ts';

export interface TemplateLimits {
  /** Nodes evaluated, blocks entered and items iterated over. */
  readonly maxSteps: number;
  /** Characters of any value on the way, and of what is rendered. */
  readonly maxText: number;
  /** Characters read or written by all operations together. */
  readonly maxWork: number;
}

/** Filters of lists that do not read what the items say. */
const LOOKING = new Set('length count first last list reverse items safe default d map'.split(' '));
const MAX_RECURSION = 400;
const MAX_RANGE = 4096;
const MAX_FORMAT = 256;
/** What making a value costs beside its characters, in characters: the package gives each one a table of methods. */
const VALUE_COST = 32;
/** What writing a character as \uXXXX costs, in characters. */
const ESCAPE_COST = 16;

/**
 * Renders a template that parseTemplate() read, in a number of steps and characters that is bounded and the same on every
 * machine. `now` is what strftime_now() says. Throws TEMPLATE_REFUSES when the template raises an exception or uses what
 * this interpreter lacks, TEMPLATE_LIMIT when it goes over a limit.
 */
export function renderTemplate(
  tree: TemplateNode,
  values: Readonly<Record<string, unknown>>,
  limits: TemplateLimits,
  now: (format: string) => string,
): string {
  const environment = new Environment();
  const globals = { false: false, true: true, none: null, False: false, True: true, None: null };
  for (const [name, value] of Object.entries({ ...globals, ...values })) environment.set(name, value);
  environment.set('raise_exception', (reason: unknown) => {
    throw refused(typeof reason === 'string' ? reason : 'an exception without words');
  });
  environment.set('strftime_now', (format: unknown) => {
    if (typeof format !== 'string' || format.length > MAX_FORMAT) throw refused('no format of a date');
    return now(format);
  });
  environment.set('range', boundedRange);
  try {
    return String(new BoundedInterpreter(environment, limits).run(tree).value);
  } catch (error) {
    throw error instanceof BitorchError ? error : refused(messageOf(error));
  }
}

const refused = (reason: string): BitorchError => new BitorchError('TEMPLATE_REFUSES', reason.slice(0, 1024));

function boundedRange(start: unknown, stop?: unknown, step: unknown = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number')
    throw refused('range() of what is no number');
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_RANGE)) throw overLimit(`range() of ${length} numbers`);
  return Array.from({ length }, (_, n) => from + n * step);
}

/** What the package's class has, and its types leave out. */
interface Evaluator {
  run(program: unknown): TemplateValue;
  evaluate(node: TemplateNode | undefined, scope: unknown): TemplateValue;
  evaluateBlock(statements: readonly TemplateNode[], scope: unknown): TemplateValue;
  evaluateFor(node: TemplateNode, scope: unknown): TemplateValue;
  evaluateBinaryExpression(node: TemplateNode, scope: unknown): TemplateValue;
  evaluateMemberExpression(node: TemplateNode, scope: unknown): TemplateValue;
  evaluateTestExpression(node: TemplateNode, scope: unknown): TemplateValue;
  applyFilter(operand: TemplateValue, filter: TemplateNode, scope: unknown): TemplateValue;
}
const Evaluating = Interpreter as unknown as new (environment: unknown) => Evaluator;

type Call = (args: readonly TemplateValue[], scope: unknown) => TemplateValue;

/** A node whose value is known: operands are evaluated first, then the operation is charged, then it is made. */
const known = (result: TemplateValue): TemplateNode => ({ type: 'Known', result });
const child = (node: TemplateNode, field: string): TemplateNode => node[field] as TemplateNode;
const nameOf = (node: TemplateNode): string => String(node.value ?? '');

class BoundedInterpreter extends Evaluating {
  readonly #limits: TemplateLimits;
  /** Whatever makes lists and maps, their values are charged when they are first seen. */
  readonly #measure = new Measure((values) => this.#charge(VALUE_COST * values));
  readonly #parts = new WeakMap<TemplateNode, number>();
  #steps = 0;
  #work = 0;
  #depth = 0;

  constructor(environment: unknown, limits: TemplateLimits) {
    super(environment);
    this.#limits = limits;
  }

  override evaluate(node: TemplateNode | undefined, scope: unknown): TemplateValue {
    if (node?.type === 'Known') return node.result as TemplateValue;
    this.#step();
    if (this.#depth > MAX_RECURSION) throw overLimit('endless recursion');
    // The package looks through the whole of a macro each time that it meets its definition.
    if (node?.type === 'Macro' || node?.type === 'CallStatement') this.#charge(this.#partsOf(node));
    this.#depth++;
    try {
      const result = super.evaluate(node, scope);
      this.#mayHave(this.#measure.of(result).text - 2);
      return result;
    } finally {
      this.#depth--;
    }
  }

  override evaluateBlock(statements: readonly TemplateNode[], scope: unknown): TemplateValue {
    this.#step();
    const written = statements.map((statement) => {
      const value = this.evaluate(statement, scope);
      this.#charge(this.#textOf(value));
      return known(value);
    });
    return super.evaluateBlock(written, scope);
  }

  override evaluateFor(node: TemplateNode, scope: unknown): TemplateValue {
    const iterable = child(node, 'iterable');
    const selects = iterable.type === 'SelectExpression';
    const items = this.evaluate(selects ? child(iterable, 'lhs') : iterable, scope);
    this.#step(itemsOf(items));
    const evaluated = selects ? { ...iterable, lhs: known(items) } : known(items);
    return super.evaluateFor({ ...node, iterable: evaluated }, scope);
  }

  override evaluateBinaryExpression(node: TemplateNode, scope: unknown): TemplateValue {
    const operator = nameOf(child(node, 'operator'));
    const left = this.evaluate(child(node, 'left'), scope);
    if (operator === 'and' || operator === 'or')
      return super.evaluateBinaryExpression({ ...node, left: known(left) }, scope);
    const right = this.evaluate(child(node, 'right'), scope);
    this.#charge(this.#textOf(left) + this.#textOf(right));
    if (operator.endsWith('in') && isText(left) && isText(right)) this.#search(right.value, left.value);
    return super.evaluateBinaryExpression({ ...node, left: known(left), right: known(right) }, scope);
  }

  override evaluateTestExpression(node: TemplateNode, scope: unknown): TemplateValue {
    const operand = this.evaluate(child(node, 'operand'), scope);
    if (isText(operand)) this.#charge(operand.value.length);
    return super.evaluateTestExpression({ ...node, operand: known(operand) }, scope);
  }

  override evaluateMemberExpression(node: TemplateNode, scope: unknown): TemplateValue {
    const object = this.evaluate(child(node, 'object'), scope);
    const property = child(node, 'property');
    const slices = property.type === 'SliceExpression';
    if (slices) this.#charge(isText(object) ? 8 * object.value.length : itemsOf(object));
    const name = node.computed && !slices ? this.evaluate(property, scope) : undefined;
    const evaluated = { ...node, object: known(object), property: name ? known(name) : property };
    const value = super.evaluateMemberExpression(evaluated, scope);
    if (value.type !== 'FunctionValue') return value;
    return this.#charged(value, object, name ? String(name.value) : nameOf(property));
  }

  override applyFilter(operand: TemplateValue, filter: TemplateNode, scope: unknown): TemplateValue {
    const calls = filter.type === 'CallExpression';
    const name = nameOf(calls ? child(filter, 'callee') : filter);
    this.#charge(LOOKING.has(name) && !isText(operand) ? itemsOf(operand) : this.#textOf(operand));
    if (!calls) {
      this.#chargeOperation(name, operand, [], new Map());
      return super.applyFilter(operand, filter, scope);
    }
    // These take literals only, and look at the nodes to be sure.
    if (name === 'selectattr' || name === 'rejectattr') return super.applyFilter(operand, filter, scope);
    const positional: TemplateValue[] = [];
    const named = new Map<string, TemplateValue>();
    const args = (filter.args as TemplateNode[]).map((arg) => {
      if (arg.type === 'KeywordArgumentExpression') {
        const value = this.evaluate(child(arg, 'value'), scope);
        named.set(nameOf(child(arg, 'key')), value);
        return { ...arg, value: known(value) };
      }
      if (arg.type.endsWith('SpreadExpression')) throw overLimit('arguments of a filter that are spread');
      const value = this.evaluate(arg, scope);
      positional.push(value);
      return known(value);
    });
    this.#chargeOperation(name, operand, positional, named);
    return super.applyFilter(operand, { ...filter, args }, scope);
  }

  /** A method that is charged when it is called. */
  #charged(method: TemplateValue, object: TemplateValue, name: string): TemplateValue {
    const call = method.value as Call;
    const FunctionValue = method.constructor as new (value: Call) => TemplateValue;
    return new FunctionValue((args, scope) => {
      const last = args.at(-1);
      const hasNamed = last?.type === 'KeywordArgumentsValue';
      const positional = hasNamed ? args.slice(0, -1) : args;
      const named = hasNamed ? (last.value as Map<string, TemplateValue>) : new Map<string, TemplateValue>();
      if (name !== 'get') this.#charge(this.#textOf(object));
      for (const arg of args) if (isText(arg)) this.#charge(arg.value.length);
      if (isText(object) || object.value instanceof Map)
        this.#chargeOperation(name, object, positional, named);
      return call(args, scope);
    });
  }

  /** Filters and methods that make more than they are given, or look at it more than once. */
  #chargeOperation(
    name: string,
    operand: TemplateValue,
    positional: readonly TemplateValue[],
    named: ReadonlyMap<string, TemplateValue>,
  ): void {
    const { text, entries, depth } = this.#measure.of(operand);
    const [first, second] = positional;
    switch (name) {
      case 'replace':
        this.#chargeReplace(operand, first, second, positional[2] ?? named.get('count'));
        break;
      case 'split': {
        if (!isText(operand)) break;
        const parts = isText(first) ? this.#search(operand.value, first.value) + 1 : operand.value.length / 2;
        this.#charge(16 * parts);
        break;
      }
      case 'join': {
        const separator = first ?? named.get('separator');
        const between = isText(separator) ? separator.value.length : 0;
        this.#makes(text + (isText(operand) ? text : itemsOf(operand)) * (between + 16));
        break;
      }
      case 'indent': {
        const width = first ?? named.get('width');
        const lines = isText(operand) ? this.#search(operand.value, '\n') + 1 : 0;
        this.#makes(text + lines * (Number(width?.value ?? 4) || 0));
        break;
      }
      case 'tojson': {
        const indent = Number(named.get('indent')?.value ?? 0) || 0;
        const separators = named.get('separators');
        const between = separators ? this.#textOf(separators) : 2;
        this.#makes(text + (entries + 2) * (between + indent * (depth + 1)));
        if (named.get('ensure_ascii')?.value === true) this.#charge(ESCAPE_COST * text);
        break;
      }
      case 'string':
        this.#makes(text);
        break;
      case 'unique':
        // Numbers can be chosen so that a hash table finds all of them in one place.
        this.#charge(itemsOf(operand) ** 2 / 4);
        break;
      case 'sort':
      case 'dictsort': {
        const attribute = positional[2] ?? named.get('attribute');
        const rounds = 2 * Math.ceil(Math.log2(itemsOf(operand) + 2));
        const path = attribute ? this.#textOf(attribute) * itemsOf(operand) : 0;
        this.#charge(rounds * (text + path));
        break;
      }
      case 'map': {
        const attribute = named.get('attribute');
        this.#charge(attribute ? this.#textOf(attribute) * itemsOf(operand) : 0);
        break;
      }
    }
  }

  #chargeReplace(
    operand: TemplateValue,
    from: TemplateValue | undefined,
    to: TemplateValue | undefined,
    count: TemplateValue | undefined,
  ): void {
    if (!isText(operand) || !isText(from) || !isText(to)) return;
    const found = this.#search(operand.value, from.value);
    const most = typeof count?.value === 'number' && count.value >= 0 ? count.value : found;
    this.#makes(operand.value.length + Math.min(found, most) * to.value.length);
  }

  /** Charges what finding a text in another one may take at worst, and says how often it is there. */
  #search(text: string, part: string): number {
    const places = Math.max(0, text.length - part.length) + 1;
    this.#charge(places * Math.ceil((part.length + 1) / 8) + part.length);
    if (part === '') return text.length + 1;
    let found = 0;
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) found++;
    return found;
  }

  #textOf(value: TemplateValue | undefined): number {
    return this.#measure.of(value).text;
  }

  #partsOf(node: TemplateNode): number {
    let parts = this.#parts.get(node);
    if (parts === undefined) {
      const waiting: unknown[] = [node];
      for (parts = 0; waiting.length > 0; parts++) {
        const next = waiting.pop();
        if (typeof next === 'object' && next !== null)
          waiting.push(...(next instanceof Map ? [...next].flat() : Object.values(next)));
      }
      this.#parts.set(node, parts);
    }
    return parts;
  }

  #step(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > this.#limits.maxSteps) throw overLimit(`more than ${this.#limits.maxSteps} steps`);
  }

  #charge(characters: number): void {
    this.#work += characters;
    if (this.#work > this.#limits.maxWork)
      throw overLimit(`more than ${this.#limits.maxWork} characters read and written`);
  }

  /** An operation is about to make so many characters. */
  #makes(characters: number): void {
    this.#mayHave(characters);
    this.#charge(characters);
  }

  #mayHave(characters: number): void {
    if (characters > this.#limits.maxText) throw overLimit(`a value grows beyond ${this.#limits.maxText}`);
  }
}
