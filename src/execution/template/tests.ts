/** Jinja's tests: the operand of "is", and the argument of select() and reject(). */
import { type Budget, refused } from './budget.ts';
import { stringOf } from './printing.ts';
import { isLowerCase, isUpperCase } from './text-methods.ts';
import {
  Callable,
  compare,
  contains,
  Dict,
  DictView,
  demandDefined,
  equal,
  Float,
  Generator,
  isNumeric,
  LoopState,
  lengthOf,
  Markup,
  numberOf,
  Range,
  Tuple,
  textIn,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

type Test = (value: Value, args: readonly Value[], budget: Budget) => boolean;

const alone =
  (test: (value: Value, budget: Budget) => boolean): Test =>
  (value, args, budget) => {
    if (args.length > 0) throw refused('a test that takes no arguments was given some');
    return test(value, budget);
  };

const against =
  (test: (value: Value, other: Value, budget: Budget) => boolean): Test =>
  (value, [other, ...more], budget) => {
    if (other === undefined || more.length > 0) throw refused('a test that takes one argument');
    return test(value, other, budget);
  };

const isEqual = against(equal);
const isUnequal = against((value, other, budget) => !equal(value, other, budget));
const isGreater = against((value, other, budget) => compare(value, other, budget) > 0);
const isAtLeast = against((value, other, budget) => compare(value, other, budget) >= 0);
const isLess = against((value, other, budget) => compare(value, other, budget) < 0);
const isAtMost = against((value, other, budget) => compare(value, other, budget) <= 0);

const hasItems = (value: Value): boolean =>
  typeof value === 'string' ||
  value instanceof Markup ||
  Array.isArray(value) ||
  value instanceof Tuple ||
  value instanceof Dict ||
  value instanceof Range ||
  value instanceof Undefined;

const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', alone((value) => !(value instanceof Undefined))],
  ['undefined', alone((value) => value instanceof Undefined)],
  ['none', alone((value) => value === null)],
  ['boolean', alone((value) => typeof value === 'boolean')],
  ['true', alone((value) => value === true)],
  ['false', alone((value) => value === false)],
  ['integer', alone((value) => typeof value === 'number')],
  ['float', alone((value) => value instanceof Float)],
  ['number', alone(isNumeric)],
  ['string', alone((value) => textIn(value) !== undefined)],
  ['mapping', alone((value) => value instanceof Dict)],
  ['sequence', alone((value, budget) => hasItems(value) && lengthOf(value, budget) !== undefined)],
  [
    'iterable',
    alone(
      (value) =>
        hasItems(value) ||
        value instanceof DictView ||
        value instanceof Generator ||
        value instanceof LoopState,
    ),
  ],
  [
    'callable',
    alone((value) => value instanceof Callable || value instanceof LoopState || value instanceof Undefined),
  ],
  ['escaped', alone((value) => value instanceof Markup)],
  ['lower', alone((value, budget) => isLowerCase(charged(stringOf(value, budget), budget)))],
  ['upper', alone((value, budget) => isUpperCase(charged(stringOf(value, budget), budget)))],
  ['odd', alone((value) => modulo(value, 2) === 1)],
  ['even', alone((value) => modulo(value, 2) === 0)],
  [
    'divisibleby',
    against((value, other) => modulo(value, isNumeric(other) ? numberOf(other) : Number.NaN) === 0),
  ],
  ['sameas', against(isSame)],
  ['in', against((value, other, budget) => contains(other, value, budget))],
  ...['==', 'eq', 'equalto'].map((name): [string, Test] => [name, isEqual]),
  ...['!=', 'ne'].map((name): [string, Test] => [name, isUnequal]),
  ...['>', 'gt', 'greaterthan'].map((name): [string, Test] => [name, isGreater]),
  ...['>=', 'ge'].map((name): [string, Test] => [name, isAtLeast]),
  ...['<', 'lt', 'lessthan'].map((name): [string, Test] => [name, isLess]),
  ...['<=', 'le'].map((name): [string, Test] => [name, isAtMost]),
]);

export const TEST_NAMES: ReadonlySet<string> = new Set(TESTS.keys());

/** Throws TEMPLATE_REFUSES for an unknown test. */
export function runTest(name: string, value: Value, args: readonly Value[], budget: Budget): boolean {
  const test = TESTS.get(name);
  if (!test) throw refused(`no test named '${name}'`);
  return test(value, args, budget);
}

function charged(text: string, budget: Budget): string {
  budget.charge(text.length);
  return text;
}

function modulo(value: Value, by: number): number {
  if (!isNumeric(value)) throw demandDefined(value) ?? refused(`a division of ${typeName(value)}`);
  if (by === 0 || Number.isNaN(by)) throw refused('a division by what is no number or 0');
  const rest = numberOf(value) % by;
  return rest !== 0 && rest < 0 !== by < 0 ? rest + by : rest;
}

/** Python's `is`. For equal numbers and strings its result depends on where they are in memory. */
function isSame(value: Value, other: Value): boolean {
  const byMemory = (side: Value) =>
    (typeof side === 'number' && Math.abs(side) > 5) || typeof side === 'string' || side instanceof Float;
  if (byMemory(value) && byMemory(other) && value === other) throw refused('"sameas" of numbers or texts');
  return value === other;
}
