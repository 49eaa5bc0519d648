/** Jinja's filters (jinja2/filters.py), without automatic escaping. */
import { escaped } from './arithmetic.ts';
import { type Budget, refused } from './budget.ts';
import { BLANK, LINE_ENDS, strip } from './characters.ts';
import { percentFormat } from './formatting.ts';
import {
  count,
  extreme,
  flag,
  type Getter,
  getterOf,
  groupBy,
  keyedBy,
  sorted,
  unique,
} from './list-filters.ts';
import { type Args, bind } from './method.ts';
import { absolute, round, sum, toFloat, toInteger } from './number-filters.ts';
import { jsonOf, stringOf } from './printing.ts';
import { runTest } from './tests.ts';
import { keptOrdinary } from './text-guard.ts';
import { capitalize, center, joinTexts, replaceText } from './text-methods.ts';
import {
  type Arguments,
  characters,
  Dict,
  demandDefined,
  Generator,
  iterate,
  lengthOf,
  lengthOfText,
  listOf,
  Markup,
  orElse,
  Tuple,
  textIn,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

type Filter = (value: Value, args: Arguments, budget: Budget) => Value;

/** Throws TEMPLATE_REFUSES for an unknown filter. */
export function runFilter(name: string, value: Value, args: Arguments, budget: Budget): Value {
  const filter = FILTERS.get(name);
  if (!filter) throw refused(`no filter named '${name}'`);
  const inputs = [value, ...args.positional, ...args.named.values()];
  return keptOrdinary(budget.guard, name, filter(value, args, budget), inputs);
}

/** A filter with these parameters after the filtered value. */
const filter =
  (parameters: string, run: (value: Value, args: Args, budget: Budget) => Value): Filter =>
  (value, args, budget) =>
    run(value, bind('the filter', parameters.split(' ').filter(Boolean), args), budget);

/** A filter that accepts only strings. */
const ofString = (parameters: string, run: (text: string, args: Args, budget: Budget) => Value): Filter =>
  filter(parameters, (value, args, budget) => {
    if (typeof value !== 'string')
      throw demandDefined(value) ?? refused(`a filter of texts on a ${typeName(value)}`);
    budget.text(value.length);
    return run(value, args, budget);
  });

/** A filter that first converts its value to a string. */
const ofText = (parameters: string, run: (text: string, args: Args, budget: Budget) => Value): Filter =>
  filter(parameters, (value, args, budget) => {
    if (value instanceof Markup) throw refused('a filter of escaped HTML');
    const text = stringOf(value, budget);
    budget.text(text.length);
    return run(text, args, budget);
  });

/** map(attribute=…) or map('filter', …). */
const mapping: Filter = (value, { positional, named }, budget) => {
  const [name, ...rest] = positional;
  let each: Getter;
  if (name === undefined) {
    for (const key of named.keys())
      if (key !== 'attribute' && key !== 'default') throw refused(`map(${key}=…)`);
    if (!named.has('attribute')) throw refused('map requires a filter argument');
    each = getterOf(named.get('attribute'), budget, named.get('default'));
  } else {
    const filterName = textIn(name);
    if (filterName === undefined) throw refused('map of what is no filter');
    each = (item) => runFilter(filterName, item, { positional: rest, named }, budget);
  }
  if (!truth(value)) return new Generator([]);
  return new Generator(lazily(value, budget, each));
};

function* lazily(value: Value, budget: Budget, each: Getter): globalThis.Generator<Value, void> {
  for (const item of iterate(value, budget)) {
    budget.step();
    yield each(item);
  }
}

/** select, reject, selectattr and rejectattr. */
const selecting =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, { positional, named }, budget) => {
    if (!truth(value)) return new Generator([]);
    if (named.size > 0) throw refused('select() with named arguments');
    if (byAttribute && positional.length === 0) throw refused('Missing parameter for attribute name');
    const getter = byAttribute ? getterOf(positional[0], budget) : (item: Value) => item;
    const [name, ...args] = byAttribute ? positional.slice(1) : positional;
    const testName = name === undefined ? undefined : textIn(name);
    if (name !== undefined && testName === undefined) throw refused('select() by what is no test');
    const holds = (item: Value) =>
      testName === undefined ? truth(getter(item)) : runTest(testName, getter(item), args, budget);
    return new Generator(filtered(value, budget, (item) => holds(item) === wanted));
  };

function* filtered(
  value: Value,
  budget: Budget,
  holds: (item: Value) => boolean,
): globalThis.Generator<Value, void> {
  for (const item of iterate(value, budget)) {
    budget.step();
    if (holds(item)) yield item;
  }
}

function* batches(
  value: Value,
  size: number,
  fill: Value,
  budget: Budget,
): globalThis.Generator<Value, void> {
  let batch: Value[] = [];
  for (const item of iterate(value, budget)) {
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length === 0) return;
  if (fill !== null && batch.length < size) {
    budget.list(size);
    while (batch.length < size) batch.push(fill);
  }
  yield batch;
}

function* slices(
  value: Value,
  number: number,
  fill: Value,
  budget: Budget,
): globalThis.Generator<Value, void> {
  const items = listOf(value, budget);
  const size = Math.floor(items.length / number);
  const extra = items.length % number;
  for (let n = 0, at = 0; n < number; n++) {
    budget.items(1);
    const end = at + size + (n < extra ? 1 : 0);
    const part = items.slice(at, end);
    yield fill !== null && n >= extra ? [...part, fill] : part;
    at = end;
  }
}

function reverse(value: Value, budget: Budget): Value {
  const text = textIn(value);
  if (text !== undefined) {
    if (value instanceof Markup) throw refused('reverse of escaped HTML');
    return [...characters(text, budget)].reverse().join('');
  }
  return new Generator(listOf(value, budget).reverse());
}

function first(value: Value, budget: Budget): Value {
  if (typeof value === 'string' && value !== '') return String.fromCodePoint(value.codePointAt(0)!);
  for (const item of iterate(value, budget)) return item;
  return new Undefined('No first item, sequence was empty.');
}

function last(value: Value, budget: Budget): Value {
  if (value instanceof Generator) throw refused('the last item of a generator');
  if (typeof value === 'string' && value !== '') return characters(value.slice(-2), budget).at(-1)!;
  if (Array.isArray(value) && value.length > 0) return value.at(-1) as Value;
  return orElse(listOf(value, budget).at(-1), () => new Undefined('No last item, sequence was empty.'));
}

function indent(text: string, [width = 4, atFirst, blank]: Args, budget: Budget): Value {
  const by = textIn(width) ?? blanks(count(width, 4), budget);
  const lines = `${text}\n`.split(LINE_ENDS);
  lines.pop();
  budget.list(lines.length / 8);
  budget.text(text.length + lines.length * (by.length + 1));
  const rest = lines.slice(1).map((line) => (flag(blank) || line !== '' ? by : '') + line);
  return (flag(atFirst) ? by : '') + [lines[0] ?? '', ...rest].join('\n');
}

function blanks(number: number, budget: Budget): string {
  budget.text(Math.max(0, number));
  return ' '.repeat(Math.max(0, number));
}

function truncate(
  text: string,
  [length = 255, killWords, end = '...', leeway = 5]: Args,
  budget: Budget,
): Value {
  const most = count(length, 255);
  const tail = textIn(end);
  if (tail === undefined) throw refused('truncate() with an end that is no text');
  const tailLength = lengthOfText(tail, budget);
  if (most < tailLength) throw refused(`expected length >= ${tailLength}, got ${most}`);
  const letters = characters(text, budget);
  if (letters.length <= most + (leeway === null ? 5 : count(leeway, 5))) return text;
  const kept = letters.slice(0, most - tailLength).join('');
  const blank = kept.lastIndexOf(' ');
  return (flag(killWords) || blank < 0 ? kept : kept.slice(0, blank)) + tail;
}

function json(
  value: Value,
  [ensureAscii, indentBy = null, separators = null, sortKeys]: Args,
  budget: Budget,
): Value {
  let pair: [string, string] = indentBy === null ? [', ', ': '] : [',', ': '];
  if (separators !== null) {
    const given = separators instanceof Tuple ? separators.items : separators;
    if (!Array.isArray(given) || given.length !== 2 || given.some((part) => typeof part !== 'string'))
      throw refused('separators that are not two texts');
    pair = [given[0] as string, given[1] as string];
  }
  const step = indentBy === null ? undefined : (textIn(indentBy) ?? blanks(count(indentBy, 0), budget));
  const options = {
    ensureAscii: flag(ensureAscii),
    indent: step,
    separators: pair,
    sortKeys: flag(sortKeys),
  };
  return jsonOf(value, options, budget);
}

function dictSort(value: Value, [caseSensitive, by = 'key', reversed]: Args, budget: Budget): Value {
  if (!(value instanceof Dict)) throw demandDefined(value) ?? refused(`dictsort of a ${typeName(value)}`);
  if (by !== 'key' && by !== 'value') throw refused('You can only sort by either "key" or "value"');
  const at = by === 'key' ? 0 : 1;
  const pairs = value.entries().map(([key, own]) => new Tuple([key, own]));
  const key = keyedBy((pair) => (pair as Tuple).items[at]!, flag(caseSensitive));
  return sorted(pairs, key, flag(reversed), budget);
}

/** "a,b" sorts by a, then by b. */
function sort(value: Value, [reversed, caseSensitive, attribute]: Args, budget: Budget): Value {
  const path = attribute === undefined ? undefined : textIn(attribute);
  const getters = (path?.split(',') ?? [attribute]).map((part) =>
    keyedBy(getterOf(part, budget), flag(caseSensitive)),
  );
  return sorted(
    listOf(value, budget),
    (item) => getters.map((getter) => getter(item)),
    flag(reversed),
    budget,
  );
}

function join(value: Value, [separator = '', attribute = null]: Args, budget: Budget): Value {
  const getter = attribute === null ? (item: Value) => item : getterOf(attribute, budget);
  const texts: string[] = [];
  for (const item of iterate(value, budget)) texts.push(stringOf(getter(item), budget));
  return joinTexts(stringOf(separator, budget), texts, budget);
}

const WORD_BEGINNINGS = new RegExp(`([-${BLANK}({[<]+)`);

function title(text: string): string {
  return text
    .split(WORD_BEGINNINGS)
    .map((part) => {
      const head = String.fromCodePoint(part.codePointAt(0) ?? 0);
      return part === '' ? '' : head.toUpperCase() + part.slice(head.length).toLowerCase();
    })
    .join('');
}

function format(value: Value, { positional, named }: Arguments, budget: Budget): Value {
  if (positional.length > 0 && named.size > 0)
    throw refused("can't handle positional and keyword arguments at the same time");
  const values = named.size > 0 ? new Dict(named) : new Tuple(positional);
  return percentFormat(stringOf(value, budget), values, budget);
}

function length(value: Value, budget: Budget): Value {
  const found = lengthOf(value, budget);
  if (found === undefined) throw refused(`object of type '${typeName(value)}' has no len()`);
  return found;
}

function* items(value: Value, budget: Budget): globalThis.Generator<Value, void> {
  if (value instanceof Undefined) return;
  if (!(value instanceof Dict)) throw refused('Can only get item pairs from a mapping.');
  for (const [key, own] of value.entries()) {
    budget.items(1);
    yield new Tuple([key, own]);
  }
}

const byDefault = filter('default_value boolean', (value, [otherwise = '', falsy]) =>
  value instanceof Undefined || (flag(falsy) && !truth(value)) ? otherwise : value,
);
const escapeHtml = filter('', (value, _, budget) => new Markup(escaped(value, budget)));
const lengthFilter = filter('', (value, _, budget) => length(value, budget));

const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['abs', filter('', absolute)],
  [
    'batch',
    filter(
      'linecount fill_with',
      (value, [size, fill = null], budget) => new Generator(batches(value, count(size, 0), fill, budget)),
    ),
  ],
  ['capitalize', ofText('', capitalize)],
  ['center', ofText('width', (text, [width], budget) => center(text, count(width, 80), ' ', budget))],
  ['count', lengthFilter],
  ['d', byDefault],
  ['default', byDefault],
  ['dictsort', filter('case_sensitive by reverse', dictSort)],
  ['e', escapeHtml],
  ['escape', escapeHtml],
  ['first', filter('', (value, _, budget) => first(value, budget))],
  ['float', filter('default', toFloat)],
  ['forceescape', filter('', (value, _, budget) => new Markup(escaped(stringOf(value, budget), budget)))],
  ['format', format],
  ['groupby', filter('attribute default case_sensitive', groupBy)],
  ['indent', ofString('width first blank', indent)],
  ['int', filter('default base', toInteger)],
  ['items', filter('', (value, _, budget) => new Generator(items(value, budget)))],
  ['join', filter('d attribute', join)],
  ['last', filter('', (value, _, budget) => last(value, budget))],
  ['length', lengthFilter],
  ['list', filter('', (value, _, budget) => listOf(value, budget))],
  ['lower', ofText('', (text) => text.toLowerCase())],
  ['map', mapping],
  ['max', filter('case_sensitive attribute', (value, args, budget) => extreme(value, args, 1, budget))],
  ['min', filter('case_sensitive attribute', (value, args, budget) => extreme(value, args, -1, budget))],
  ['reject', selecting(false, false)],
  ['rejectattr', selecting(false, true)],
  [
    'replace',
    ofText('old new count', (text, [from, to, times = null], budget) => {
      if (from === undefined || to === undefined) throw refused('replace() wants two texts');
      return replaceText(
        text,
        stringOf(from, budget),
        stringOf(to, budget),
        times === null ? -1 : count(times, -1),
        budget,
      );
    }),
  ],
  ['reverse', filter('', (value, _, budget) => reverse(value, budget))],
  ['round', filter('precision method', round)],
  ['safe', filter('', (value, _, budget) => new Markup(stringOf(value, budget)))],
  ['select', selecting(true, false)],
  ['selectattr', selecting(true, true)],
  [
    'slice',
    filter('slices fill_with', (value, [number, fill = null], budget) => {
      const slicesWanted = count(number, 0);
      if (slicesWanted < 1) throw refused('no slices');
      return new Generator(slices(value, slicesWanted, fill, budget));
    }),
  ],
  ['sort', filter('reverse case_sensitive attribute', sort)],
  ['string', filter('', (value, _, budget) => (value instanceof Markup ? value : stringOf(value, budget)))],
  ['sum', filter('attribute start', sum)],
  ['title', ofText('', title)],
  ['tojson', filter('ensure_ascii indent separators sort_keys', json)],
  [
    'trim',
    ofText('chars', (text, [chars = null], budget) =>
      strip(text, 'both', chars === null ? undefined : stringOf(chars, budget)),
    ),
  ],
  ['truncate', ofString('length killwords end leeway', truncate)],
  [
    'unique',
    filter(
      'case_sensitive attribute',
      (value, [caseSensitive, attribute], budget) =>
        new Generator(unique(value, keyedBy(getterOf(attribute, budget), flag(caseSensitive)), budget)),
    ),
  ],
  ['upper', ofText('', (text) => text.toUpperCase())],
  ['wordcount', ofText('', (text) => (text.match(/[\p{L}\p{N}_]+/gu) ?? []).length)],
]);

export const FILTER_NAMES: ReadonlySet<string> = new Set(FILTERS.keys());
