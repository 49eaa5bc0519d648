/** Python's operators. */
import { type Budget, refused } from './budget.ts';
import { percentFormat } from './formatting.ts';
import { stringOf } from './printing.ts';
import {
  compare,
  contains,
  demandDefined,
  equal,
  Float,
  integer,
  isNumeric,
  Markup,
  numberOf,
  Tuple,
  textIn,
  typeName,
  type Value,
} from './values.ts';

/** `left operator right`, except "and" and "or". Throws TEMPLATE_REFUSES where Python raises an exception. */
export function operate(operator: string, left: Value, right: Value, budget: Budget): Value {
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case '<':
      return compare(left, right, budget) < 0;
    case '<=':
      return compare(left, right, budget) <= 0;
    case '>':
      return compare(left, right, budget) > 0;
    case '>=':
      return compare(left, right, budget) >= 0;
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return !contains(right, left, budget);
    case '~':
      return concatenate(stringOf(left, budget), stringOf(right, budget), budget);
    default:
      return calculate(operator, left, right, budget);
  }
}

function concatenate(left: string, right: string, budget: Budget): string {
  budget.text(left.length + right.length);
  return left + right;
}

function calculate(operator: string, left: Value, right: Value, budget: Budget): Value {
  if (isNumeric(left) && isNumeric(right)) return numeric(operator, left, right);
  const text = textIn(left);
  if (operator === '+') {
    const more = textIn(right);
    if (left instanceof Markup || right instanceof Markup) {
      if (text === undefined || more === undefined) throw noOperation(operator, left, right);
      return new Markup(concatenate(escaped(left, budget), escaped(right, budget), budget));
    }
    if (text !== undefined && more !== undefined) return concatenate(text, more, budget);
    if (Array.isArray(left) && Array.isArray(right)) {
      budget.list(left.length + right.length);
      return [...left, ...right];
    }
    if (left instanceof Tuple && right instanceof Tuple) {
      budget.list(left.items.length + right.items.length);
      return new Tuple([...left.items, ...right.items]);
    }
  }
  if (operator === '%' && typeof left === 'string') {
    const error = demandDefined(right);
    if (error) throw error;
    return percentFormat(left, right, budget);
  }
  if (operator === '*') {
    const [value, times] = isNumeric(left) ? [right, left] : [left, right];
    if (isNumeric(times) && !(times instanceof Float)) return repeat(value, Number(times), budget);
  }
  throw noOperation(operator, left, right);
}

function noOperation(operator: string, left: Value, right: Value) {
  const types = `'${typeName(left)}' and '${typeName(right)}'`;
  return (
    demandDefined(left) ??
    demandDefined(right) ??
    refused(`unsupported operand types for ${operator}: ${types}`)
  );
}

/** Escapes a text for HTML, unless it is HTML already. */
export function escaped(value: Value, budget: Budget): string {
  if (value instanceof Markup) return value.text;
  const text = stringOf(value, budget);
  budget.text(5 * text.length);
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character]!);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

function repeat(value: Value, times: number, budget: Budget): Value {
  const copies = Math.max(0, times);
  if (typeof value === 'string') {
    budget.text(value.length * copies);
    return value.repeat(value === '' ? 0 : copies);
  }
  const items = value instanceof Tuple ? value.items : value;
  if (!Array.isArray(items)) throw demandDefined(value) ?? refused(`a ${typeName(value)} times a number`);
  budget.list(items.length * copies);
  const repeated = Array.from(
    { length: items.length === 0 ? 0 : copies },
    () => items as readonly Value[],
  ).flat() as Value[];
  return value instanceof Tuple ? new Tuple(repeated) : repeated;
}

function numeric(operator: string, left: number | boolean | Float, right: number | boolean | Float): Value {
  const [a, b] = [numberOf(left), numberOf(right)];
  const whole = !(left instanceof Float) && !(right instanceof Float);
  const result = (value: number): Value => (whole ? integer(value) : new Float(value));
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0)
    throw refused('division by zero');
  switch (operator) {
    case '+':
      return result(a + b);
    case '-':
      return result(a - b);
    case '*':
      return result(a * b);
    case '/':
      return new Float(a / b);
    case '%':
      return result(modulo(a, b));
    case '//':
      return result(whole ? Math.floor((a - modulo(a, b)) / b + 0.5) : floorDivide(a, b));
    default:
      return power(a, b, whole);
  }
}

/** The remainder, with the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return Object.is(b < 0, true) ? -0 : 0;
  return rest < 0 === b < 0 ? rest : rest + b;
}

/** CPython's float_floor_div. */
function floorDivide(a: number, b: number): number {
  const rest = a % b;
  const quotient = (a - rest) / b - (rest !== 0 && b < 0 !== rest < 0 ? 1 : 0);
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function power(a: number, b: number, whole: boolean): Value {
  if (whole && b >= 0) return integer(a ** b);
  if (a === 0 && b < 0) throw refused('0 to a negative power');
  if (a < 0 && !Number.isInteger(b)) throw refused('a complex number');
  const value = a ** b;
  if (!Number.isFinite(value) && Number.isFinite(a) && Number.isFinite(b))
    throw refused('a number too large for a float');
  // Only powers that a float represents exactly are the same on every machine.
  if (!Number.isInteger(value) && !Number.isInteger(1 / value)) throw refused('a power that is rounded');
  return new Float(value);
}

/** `-x` and `+x`. */
export function signedValue(operator: string, value: Value): Value {
  if (!isNumeric(value))
    throw demandDefined(value) ?? refused(`bad operand type for unary ${operator}: '${typeName(value)}'`);
  const number = operator === '-' ? -numberOf(value) : numberOf(value);
  return value instanceof Float ? new Float(number) : integer(number);
}
