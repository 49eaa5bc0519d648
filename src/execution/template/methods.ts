/** Methods of Python's strings, lists, tuples and dictionaries. */
import { type Budget, refused } from './budget.ts';
import { bind, type Known, method } from './method.ts';
import { keptOrdinary } from './text-guard.ts';
import { TEXT_METHODS } from './text-methods.ts';
import {
  Callable,
  Dict,
  DictView,
  equal,
  Markup,
  orElse,
  Range,
  Tuple,
  textIn,
  typeName,
  type Value,
} from './values.ts';

/** The method of a value, or undefined. Throws TEMPLATE_REFUSES for a method of Python that is not implemented. */
export function methodOf(self: Value, name: string, budget: Budget): Callable | undefined {
  const text = textIn(self);
  if (text !== undefined) {
    if (self instanceof Markup && (TEXT_METHODS.has(name) || OTHER_TEXT.has(name)))
      throw refused(`.${name}() of escaped HTML`);
    return bound(name, text, TEXT_METHODS, OTHER_TEXT, budget);
  }
  if (Array.isArray(self)) return bound(name, self as readonly Value[], LIST, OTHER_LIST, budget);
  if (self instanceof Tuple) return bound(name, self.items, LIST_ONLY, NONE, budget);
  if (self instanceof Dict) return bound(name, self, DICT, OTHER_DICT, budget);
  if (self instanceof DictView && (name === 'isdisjoint' || name === 'mapping'))
    throw refused(`.${name} of a view`);
  if (self instanceof Range && OTHER_RANGE.has(name)) throw refused(`.${name} of a range`);
  if (NUMBERS.has(typeName(self)) && OTHER_NUMBER.has(name)) throw refused(`.${name} of a number`);
  return undefined;
}

function bound<T>(
  name: string,
  self: T,
  known: ReadonlyMap<string, Known<T>>,
  others: ReadonlySet<string>,
  budget: Budget,
): Callable | undefined {
  if (others.has(name)) throw refused(`the method .${name}()`);
  const found = known.get(name);
  if (!found) return undefined;
  return new Callable(name, (all) => {
    const byPosition = found.parameters.every((parameter) => parameter.startsWith('/'));
    const isOpen = found.parameters[0] === '…';
    if (byPosition && all.named.size > 0) throw refused(`${name}() takes no keyword arguments`);
    const args = isOpen
      ? []
      : bind(
          name,
          found.parameters.map((parameter) => parameter.replace('/', '')),
          all,
        );
    if (typeof self === 'string') budget.charge(self.length);
    for (const arg of args) if (typeof arg === 'string') budget.charge(arg.length);
    const result = found.run(self, args, budget, all);
    if (typeof self !== 'string') return result;
    return keptOrdinary(budget.guard, name, result, [self, ...all.positional, ...all.named.values()]);
  });
}

const LIST_ONLY: ReadonlyMap<string, Known<readonly Value[]>> = new Map([
  [
    'index',
    method('/value', (self: readonly Value[], [wanted], budget) => {
      if (wanted === undefined) throw refused('index() wants a value');
      budget.items(self.length);
      const at = self.findIndex((item) => equal(item, wanted, budget));
      if (at < 0) throw refused('the value is not in the list');
      return at;
    }),
  ],
  [
    'count',
    method('/value', (self: readonly Value[], [wanted], budget) => {
      if (wanted === undefined) throw refused('count() wants a value');
      budget.items(self.length);
      return self.filter((item) => equal(item, wanted, budget)).length;
    }),
  ],
]);

const LIST: ReadonlyMap<string, Known<readonly Value[]>> = new Map([
  ...LIST_ONLY,
  [
    'copy',
    method('', (self: readonly Value[], _, budget) => {
      budget.list(self.length);
      return [...self];
    }),
  ],
]);

const DICT: ReadonlyMap<string, Known<Dict>> = new Map([
  ['keys', method('', (self: Dict) => new DictView('keys', self))],
  ['values', method('', (self: Dict) => new DictView('values', self))],
  ['items', method('', (self: Dict) => new DictView('items', self))],
  [
    'get',
    method('/key /default', (self: Dict, [key, otherwise]) => {
      if (key === undefined) throw refused('get() wants a key');
      return orElse(self.get(key), () => orElse(otherwise, () => null));
    }),
  ],
  [
    'copy',
    method('', (self: Dict, _, budget) => {
      budget.list(self.size);
      return new Dict(self.entries());
    }),
  ],
] as [string, Known<Dict>][]);

/** Python's methods that are not implemented. Those that modify a value are undefined, as in the sandbox. */
const OTHER_TEXT = new Set(
  'casefold encode expandtabs format_map isidentifier isprintable istitle maketrans translate'.split(' '),
);
const OTHER_LIST: ReadonlySet<string> = new Set();
const OTHER_DICT = new Set(['fromkeys']);
const NONE: ReadonlySet<string> = new Set();
const NUMBERS = new Set(['int', 'float', 'bool']);
const OTHER_RANGE = new Set('count index start stop step'.split(' '));
const OTHER_NUMBER = new Set(
  'as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag is_integer numerator real to_bytes fromhex hex'.split(
    ' ',
  ),
);
export const METHODS: ReadonlySet<string> = new Set([...TEXT_METHODS.keys(), ...LIST.keys(), ...DICT.keys()]);
