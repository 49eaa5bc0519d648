/**
 * Values of a template, with Python's semantics. Python's strings are JavaScript's strings, lists are arrays
 * (immutable: the sandbox of transformers forbids changes), integers are numbers; everything else has a class here.
 */
import { type Budget, refused } from './budget.ts';

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Tuple {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** An item of groupby's result: a pair with named fields. */
export class Group extends Tuple {
  constructor(grouper: Value, list: readonly Value[]) {
    super([grouper, list]);
  }
}

/** An undefined value. It can be printed and tested; any other use throws `reason`. */
export class Undefined {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** HTML text that was escaped, or declared safe. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A dictionary. Keys are strings, numbers and None; 1, 1.0 and True are the same key, as in Python. */
export class Dict {
  readonly #entries = new Map<string, [Value, Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(keyOf(key));
  }

  set(key: Value, value: Value): void {
    const known = this.#entries.get(keyOf(key));
    this.#entries.set(keyOf(key), [known ? known[0] : key, value]);
  }

  entries(): (readonly [Value, Value])[] {
    return [...this.#entries.values()];
  }
}

/** Keys are converted to strings: the hashes of numbers are predictable, so many that collide could be chosen. */
function keyOf(key: Value): string {
  const text = textIn(key);
  if (text !== undefined) return text.startsWith('\0') ? `\0${text}` : text;
  if (key === null) return '\0None';
  if (isNumeric(key)) return `\0${numberOf(key)}`;
  throw refused(`${typeName(key)} as a key of a dictionary`);
}

/** The result of .keys(), .values() and .items() of a dictionary. */
export class DictView {
  readonly kind: 'keys' | 'values' | 'items';
  readonly dict: Dict;
  constructor(kind: DictView['kind'], dict: Dict) {
    this.kind = kind;
    this.dict = dict;
  }

  items(): Value[] {
    return this.dict
      .entries()
      .map(([key, value]) =>
        this.kind === 'keys' ? key : this.kind === 'values' ? value : new Tuple([key, value]),
      );
  }
}

export class Namespace {
  readonly attributes = new Map<string, Value>();
}

export class Range {
  readonly start: number;
  readonly step: number;
  readonly length: number;
  constructor(start: number, step: number, length: number) {
    this.start = start;
    this.step = step;
    this.length = length;
  }

  at = (index: number): number => this.start + index * this.step;
}

/** Python's generators and iterators: each item is available once. */
export class Generator {
  readonly iterator: Iterator<Value>;
  constructor(iterable: Iterable<Value>) {
    this.iterator = iterable[Symbol.iterator]();
  }
}

export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** A macro, a method of a value, or a function. */
export class Callable {
  readonly name: string;
  readonly call: (args: Arguments) => Value;
  constructor(name: string, call: Callable['call']) {
    this.name = name;
    this.call = call;
  }
}

/** The `loop` variable. */
export abstract class LoopState {
  abstract attribute(name: string): Value | undefined;
}

export type Value =
  | null
  | boolean
  | number
  | string
  | Float
  | Tuple
  | Undefined
  | Markup
  | Dict
  | DictView
  | Namespace
  | Range
  | Generator
  | Callable
  | LoopState
  | readonly Value[];

/** The Python name of a value's class. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (value instanceof DictView) return `dict_${value.kind}`;
  return value instanceof Tuple ? 'tuple' : value.constructor.name.toLowerCase();
}

/** `value`, which may be None, or the result of `otherwise` if it is undefined. */
export const orElse = (value: Value | undefined, otherwise: () => Value): Value =>
  value === undefined ? otherwise() : value;

/** Converts JSON values and undefined to values of a template. */
export function toValue(source: unknown): Value {
  if (source === undefined) return new Undefined('a value that is not there');
  if (source === null || typeof source === 'boolean' || typeof source === 'string') return source;
  if (typeof source === 'number') return Number.isInteger(source) ? source : new Float(source);
  if (Array.isArray(source)) return source.map(toValue);
  if (typeof source === 'object')
    return new Dict(Object.entries(source).map(([key, value]) => [key, toValue(value)]));
  throw refused(`a ${typeof source} among the values`);
}

export const isNumeric = (value: Value): value is number | boolean | Float =>
  typeof value === 'number' || typeof value === 'boolean' || value instanceof Float;

export const numberOf = (value: number | boolean | Float): number =>
  value instanceof Float ? value.value : Number(value);

/** Requires an integer that JavaScript represents exactly. */
export function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw refused('an integer beyond 2^53');
  return value === 0 ? 0 : value;
}

const NOT_BASIC = /[\ud800-\udfff]/;

/** The characters of a string, as Python counts them. */
export function characters(text: string, budget: Budget): readonly string[] {
  budget.list(text.length / 8);
  return NOT_BASIC.test(text) ? [...text] : text.split('');
}

/** The number of characters, as Python counts them. */
export function lengthOfText(text: string, budget: Budget): number {
  budget.charge(text.length);
  if (!NOT_BASIC.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** Python's len(); undefined for values without a length. */
export function lengthOf(value: Value, budget: Budget): number | undefined {
  if (typeof value === 'string') return lengthOfText(value, budget);
  if (value instanceof Markup) return lengthOfText(value.text, budget);
  if (Array.isArray(value) || value instanceof Range) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Undefined) return 0;
  if (value instanceof LoopState) return value.attribute('length') as number;
  return undefined;
}

export function truth(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === '') return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Markup) return value.text !== '';
  if (Array.isArray(value) || value instanceof Range) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof DictView) return value.dict.size > 0;
  return !(value instanceof Undefined);
}

/**
 * The items to loop over; each is charged when it is fetched. Throws TEMPLATE_REFUSES for a value that cannot be
 * iterated.
 */
export function* iterate(value: Value, budget: Budget): Generator_ {
  const items = itemsOf(value, budget);
  for (const item of items) {
    budget.items(1);
    yield item;
  }
}
type Generator_ = globalThis.Generator<Value, void>;

function itemsOf(value: Value, budget: Budget): Iterable<Value> {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Undefined) return [];
  if (typeof value === 'string') return characters(value, budget);
  if (value instanceof Markup) return characters(value.text, budget);
  if (value instanceof Dict) return value.entries().map(([key]) => key);
  if (value instanceof DictView) return value.items();
  if (value instanceof Generator) return rest(value.iterator);
  if (value instanceof Range) return rangeItems(value);
  throw refused(`'${typeName(value)}' object is not iterable`);
}

/** Leaving a loop early does not end the generator: the next loop goes on where it stopped. */
function* rest(iterator: Iterator<Value>): Generator_ {
  for (let next = iterator.next(); !next.done; next = iterator.next()) yield next.value;
}

function* rangeItems(range: Range): Generator_ {
  for (let n = 0; n < range.length; n++) yield range.at(n);
}

export function listOf(value: Value, budget: Budget): Value[] {
  const items: Value[] = [];
  for (const item of iterate(value, budget)) {
    items.push(item);
    if (items.length % 4096 === 0) budget.list(items.length);
  }
  return items;
}

const MAX_DEPTH = 100;

/** Python's ==. */
export function equal(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  if (depth > MAX_DEPTH) throw refused(`values nested deeper than ${MAX_DEPTH}`);
  if (isNumeric(a)) return isNumeric(b) && numberOf(a) === numberOf(b);
  const [left, right] = [textIn(a), textIn(b)];
  if (left !== undefined || right !== undefined) {
    if (left?.length === right?.length) budget.charge(left!.length / 8);
    return left === right;
  }
  if (a instanceof Undefined) return b instanceof Undefined;
  if (Array.isArray(a)) return Array.isArray(b) && equalItems(a, b, budget, depth);
  if (a instanceof Tuple) return b instanceof Tuple && equalItems(a.items, b.items, budget, depth);
  if (a instanceof Dict) {
    if (!(b instanceof Dict) || a.size !== b.size) return false;
    budget.items(a.size);
    return a.entries().every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && equal(value, other, budget, depth + 1);
    });
  }
  if (a instanceof Range && b instanceof Range)
    return (
      a.length === b.length &&
      (a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step)))
    );
  if (a instanceof DictView && b instanceof DictView) throw refused('a comparison of views of dictionaries');
  return a === b;
}

function equalItems(a: readonly Value[], b: readonly Value[], budget: Budget, depth: number): boolean {
  if (a.length !== b.length) return false;
  budget.items(a.length);
  return a.every((item, n) => equal(item, b[n]!, budget, depth + 1));
}

export const textIn = (value: Value): string | undefined =>
  typeof value === 'string' ? value : value instanceof Markup ? value.text : undefined;

/** Python's ordering: negative if a sorts before b. Throws TEMPLATE_REFUSES for values without an order. */
export function compare(a: Value, b: Value, budget: Budget, depth = 0): number {
  if (depth > MAX_DEPTH) throw refused(`values nested deeper than ${MAX_DEPTH}`);
  if (isNumeric(a) && isNumeric(b)) return numberOf(a) - numberOf(b);
  const [left, right] = [textIn(a), textIn(b)];
  if (left !== undefined && right !== undefined) return compareTexts(left, right, budget);
  const [first, second] =
    a instanceof Tuple && b instanceof Tuple
      ? [a.items, b.items]
      : Array.isArray(a) && Array.isArray(b)
        ? [a, b]
        : [];
  if (!first || !second) throw demandDefined(a) ?? demandDefined(b) ?? noOrder(a, b);
  for (let n = 0; n < first.length && n < second.length; n++) {
    budget.items(1);
    if (!equal(first[n]!, second[n]!, budget, depth + 1))
      return compare(first[n]!, second[n]!, budget, depth + 1);
  }
  return first.length - second.length;
}

const noOrder = (a: Value, b: Value) => refused(`no order between '${typeName(a)}' and '${typeName(b)}'`);

export const demandDefined = (value: Value) =>
  value instanceof Undefined ? refused(value.reason) : undefined;

/** Compares by characters, where JavaScript would compare UTF-16 units. */
function compareTexts(a: string, b: string, budget: Budget): number {
  const length = Math.min(a.length, b.length);
  budget.charge(length / 8);
  if (a === b) return 0;
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  budget.charge(at);
  if (at === length) return a.length - b.length;
  const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
  const surrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
  if (surrogate(x) !== surrogate(y)) return surrogate(x) ? 1 : -1;
  return x - y;
}

/** Python's `in`. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  const text = textIn(container);
  if (text !== undefined) {
    const part = textIn(item);
    if (part === undefined)
      throw demandDefined(item) ?? refused(`'in <string>' requires string, not ${typeName(item)}`);
    chargeSearch(text, part, budget);
    return text.includes(part);
  }
  if (container instanceof Dict) return container.has(item);
  if (container instanceof DictView && container.kind === 'keys') return container.dict.has(item);
  for (const each of iterate(container, budget)) if (each === item || equal(each, item, budget)) return true;
  return false;
}

/** Upper bound on the cost of finding a text in another one. */
export function chargeSearch(text: string, part: string, budget: Budget): void {
  const places = Math.max(0, text.length - part.length) + 1;
  budget.charge(places * Math.ceil((part.length + 1) / 8) + part.length);
}
