/** Conversion of values to strings: Python's str(), repr() and json.dumps(). */
import { type Budget, refused } from './budget.ts';
import {
  Callable,
  Dict,
  DictView,
  Float,
  Generator,
  isNumeric,
  LoopState,
  Markup,
  Namespace,
  numberOf,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

const MAX_DEPTH = 100;

/** Python's str(): the output of printing a value. */
export function stringOf(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) return '';
  return represent(value, budget);
}

/** Python's repr(). */
export function represent(value: Value, budget: Budget): string {
  const parts: string[] = [];
  new Writer(parts, budget).write(value, 0);
  return parts.join('');
}

class Writer {
  readonly #parts: string[];
  readonly #budget: Budget;
  #length = 0;

  constructor(parts: string[], budget: Budget) {
    this.#parts = parts;
    this.#budget = budget;
  }

  #add(text: string): void {
    this.#length += text.length;
    this.#budget.text(this.#length > 1 << 16 ? this.#length : text.length);
    this.#parts.push(text);
  }

  write(value: Value, depth: number): void {
    if (depth > MAX_DEPTH) throw refused(`values nested deeper than ${MAX_DEPTH}`);
    this.#budget.items(1);
    if (typeof value === 'string') {
      this.#budget.charge(value.length);
      this.#add(quote(value));
    } else if (value === null) this.#add('None');
    else if (typeof value === 'boolean') this.#add(value ? 'True' : 'False');
    else if (typeof value === 'number') this.#add(String(value));
    else if (value instanceof Float) this.#add(floatText(value.value));
    else if (value instanceof Undefined) this.#add('Undefined');
    else if (value instanceof Markup) this.#add(`Markup(${quote(value.text)})`);
    else if (Array.isArray(value)) this.#list('[', value, ']', depth);
    else if (value instanceof Tuple)
      this.#list('(', value.items, value.items.length === 1 ? ',)' : ')', depth);
    else if (value instanceof Dict) this.#dict(value, depth);
    else if (value instanceof DictView) {
      this.#add(typeName(value));
      this.#list('([', value.items(), '])', depth);
    } else if (value instanceof Range) {
      const stop = this.#stopOf(value);
      this.#add(`range(${value.start}, ${stop}${value.step === 1 ? '' : `, ${value.step}`})`);
    } else if (value instanceof Namespace || value instanceof Callable || value instanceof Generator)
      throw refused(`a ${typeName(value)} printed: Python writes where it lies in memory`);
    else if (value instanceof LoopState) throw refused('the loop printed');
  }

  #stopOf({ start, step, length }: Range): number {
    if (step === 1) return start + length;
    throw refused('a range with a step printed');
  }

  #list(open: string, items: readonly Value[], close: string, depth: number): void {
    this.#add(open);
    for (const [n, item] of items.entries()) {
      if (n > 0) this.#add(', ');
      this.write(item, depth + 1);
    }
    this.#add(close);
  }

  #dict(dict: Dict, depth: number): void {
    this.#add('{');
    for (const [n, [key, value]] of dict.entries().entries()) {
      if (n > 0) this.#add(', ');
      this.write(key, depth + 1);
      this.#add(': ');
      this.write(value, depth + 1);
    }
    this.#add('}');
  }
}

/** Python's repr() of a float: the shortest that reads back the same, with an exponent below 1e-4 and from 1e16 on. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Python's repr() of a string. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\'\n\r\t]|[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, (character) => {
    if (character === "'") return mark === "'" ? "\\'" : "'";
    return SHORT[character] ?? escaped(character.codePointAt(0)!);
  });
  return mark + inner + mark;
}

function escaped(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

export interface JsonOptions {
  readonly ensureAscii: boolean;
  readonly indent: string | undefined;
  /** Separators between items, and between a key and its value. */
  readonly separators: readonly [string, string];
  readonly sortKeys: boolean;
}

/** Python's json.dumps(). Throws TEMPLATE_REFUSES for values that JSON does not have. */
export function jsonOf(value: Value, options: JsonOptions, budget: Budget): string {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): undefined => {
    length += text.length;
    budget.text(length > 1 << 16 ? length : text.length);
    parts.push(text);
  };
  const [between, colon] = options.separators;
  const line = (depth: number) => (options.indent === undefined ? '' : `\n${options.indent.repeat(depth)}`);
  const members = (
    open: string,
    close: string,
    count: number,
    depth: number,
    member: (n: number) => void,
  ): undefined => {
    if (count === 0) return add(open + close);
    budget.text((options.indent?.length ?? 0) * (depth + 1));
    add(open + line(depth + 1));
    for (let n = 0; n < count; n++) {
      if (n > 0) add(between + line(depth + 1));
      member(n);
    }
    add(line(depth) + close);
  };
  const write = (item: Value, depth: number): undefined => {
    if (depth > MAX_DEPTH) throw refused(`values nested deeper than ${MAX_DEPTH}`);
    budget.items(1);
    const scalar = jsonScalar(item);
    if (scalar !== undefined) return add(scalar);
    if (typeof item === 'string' || item instanceof Markup) {
      const text = typeof item === 'string' ? item : item.text;
      budget.charge(options.ensureAscii ? 16 * text.length : text.length);
      return add(jsonText(text, options.ensureAscii));
    }
    const items = item instanceof Tuple ? item.items : item;
    if (Array.isArray(items))
      return members('[', ']', items.length, depth, (n) => write(items[n]!, depth + 1));
    if (!(item instanceof Dict)) throw refused(`Object of type ${typeName(item)} is not JSON serializable`);
    const entries = sortedEntries(item, options, budget);
    members('{', '}', entries.length, depth, (n) => {
      const [key, inner] = entries[n]!;
      const name = typeof key === 'string' ? key : key instanceof Markup ? key.text : jsonScalar(key);
      if (name === undefined) throw refused(`keys must be str, int, float, bool or None`);
      add(jsonText(name, options.ensureAscii) + colon);
      write(inner, depth + 1);
    });
  };
  write(value, 0);
  return parts.join('');
}

function sortedEntries(dict: Dict, { sortKeys }: JsonOptions, budget: Budget): (readonly [Value, Value])[] {
  const entries = dict.entries();
  if (!sortKeys) return entries;
  if (!entries.every(([key]) => typeof key === 'string')) throw refused('keys that are no texts, sorted');
  const names = new Map(entries.map((entry) => [entry[0] as string, entry]));
  budget.items(4 * names.size);
  return [...names.keys()].sort(byCodePoint).map((name) => names.get(name)!);
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function jsonScalar(value: Value): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (!isNumeric(value)) return undefined;
  const number = numberOf(value);
  if (!(value instanceof Float)) return String(number);
  if (Number.isNaN(number)) return 'NaN';
  return Number.isFinite(number) ? floatText(number) : number > 0 ? 'Infinity' : '-Infinity';
}

const JSON_SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

const JSON_ESCAPED = /[^ -\u{10ffff}]|["\\]/gu;

function jsonText(text: string, ensureAscii: boolean): string {
  const special = ensureAscii ? /[^\x20-\x7e]|["\\]/g : JSON_ESCAPED;
  const inner = text.replace(
    special,
    (unit) => JSON_SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${inner}"`;
}
