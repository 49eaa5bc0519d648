import { operate } from './arithmetic.ts';
import { type Budget, refused } from './budget.ts';
import { strip } from './characters.ts';
import { fixed } from './formatting.ts';
import { count, getterOf } from './list-filters.ts';
import type { Args } from './method.ts';
import {
  demandDefined,
  Float,
  integer,
  isNumeric,
  iterate,
  numberOf,
  textIn,
  typeName,
  type Value,
} from './values.ts';

/** Filters that return numbers. */
export function toInteger(value: Value, [otherwise = 0, base = 10]: Args): Value {
  if (base !== 10) throw refused('int() to another base');
  const error = demandDefined(value);
  if (error) throw error;
  const text = textIn(value);
  if (text !== undefined) {
    const plain = asciiNumber(text);
    if (/^[-+]?\d+(_\d+)*$/.test(plain)) return integer(Number(plain.replaceAll('_', '')));
    const float = parseFloatText(plain);
    return float === undefined || !Number.isFinite(float) ? otherwise : integer(Math.trunc(float));
  }
  if (!isNumeric(value)) return otherwise;
  const number = numberOf(value);
  if (Number.isNaN(number)) return otherwise;
  if (!Number.isFinite(number)) throw refused('cannot convert float infinity to integer');
  return integer(Math.trunc(number));
}

function asciiNumber(text: string): string {
  const plain = strip(text, 'both', undefined);
  if (/(?![0-9])\p{Nd}/u.test(plain)) throw refused('numbers in digits of other scripts');
  return plain;
}

/** Python's float() of a string; undefined where it raises ValueError. */
function parseFloatText(text: string): number | undefined {
  if (/^[-+]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][-+]?\d+(_\d+)*)?$/.test(text))
    return Number(text.replaceAll('_', ''));
  const word = /^([-+]?)(inf|infinity|nan)$/i.exec(text);
  if (!word) return undefined;
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN;
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export function toFloat(value: Value, [otherwise = new Float(0)]: Args): Value {
  const error = demandDefined(value);
  if (error) throw error;
  const text = textIn(value);
  const number: number | undefined =
    text === undefined ? (isNumeric(value) ? numberOf(value) : undefined) : parseFloatText(asciiNumber(text));
  return number === undefined ? otherwise : new Float(number);
}

export function round(value: Value, [precision, method = 'common']: Args): Value {
  if (!isNumeric(value)) throw demandDefined(value) ?? refused(`round() of a ${typeName(value)}`);
  const decimals = count(precision, 0);
  const number = numberOf(value);
  if (method === 'common') {
    if (decimals < 0) throw refused('round() to tens');
    return value instanceof Float ? new Float(Number(fixed(number, decimals))) : integer(number);
  }
  if (method !== 'ceil' && method !== 'floor') throw refused('method must be common, ceil or floor');
  if (decimals < 0 || decimals > 15) throw refused('round() to so many decimals');
  const scale = 10 ** decimals;
  return new Float((Math[method](number * scale) + 0) / scale);
}

export function sum(value: Value, [attribute, start = 0]: Args, budget: Budget): Value {
  const getter = getterOf(attribute, budget);
  if (typeof start === 'string') throw refused("sum() can't sum strings");
  let total: Value = start;
  let floats = 0;
  for (const item of iterate(value, budget)) {
    const own = getter(item);
    // Python's sum() of floats uses compensated summation.
    if (own instanceof Float && ++floats > 1 && !Number.isInteger(own.value))
      throw refused('a sum of fractions');
    total = operate('+', total, own, budget);
  }
  return total;
}

export function absolute(value: Value): Value {
  if (!isNumeric(value))
    throw demandDefined(value) ?? refused(`bad operand type for abs(): '${typeName(value)}'`);
  return value instanceof Float ? new Float(Math.abs(value.value)) : Math.abs(numberOf(value));
}
