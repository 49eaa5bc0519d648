/** Python's two kinds of string formatting: `'%s' % x` and `'{}'.format(x)`. */
import { type Budget, refused } from './budget.ts';
import { represent, stringOf } from './printing.ts';
import {
  type Arguments,
  Dict,
  demandDefined,
  type Float,
  integer,
  isNumeric,
  lengthOfText,
  numberOf,
  Tuple,
  textIn,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

const MAX_WIDTH = 1 << 16;
const CONVERSION = /%(?:\(([^()]*)\))?([-+ 0#]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?([\s\S]?)/gu;

/** `template % values`. */
export function percentFormat(template: string, values: Value, budget: Budget): string {
  budget.text(template.length);
  const list = values instanceof Tuple ? values.items : [values];
  let used = 0;
  let length = template.length;
  const result = template.replace(
    CONVERSION,
    (
      all,
      key: string | undefined,
      flags: string,
      width: string,
      precision: string | undefined,
      kind: string,
    ) => {
      if (kind === '%') {
        if (all !== '%%') throw refused(`the format ${all}`);
        return '%';
      }
      if (width === '*' || precision === '*') throw refused('a width that is an argument');
      let value: Value | undefined;
      if (key === undefined) value = list[used++];
      else if (values instanceof Dict) {
        value = values.get(key);
        used = list.length;
      } else throw refused('format requires a mapping');
      if (value === undefined) throw refused('not enough arguments for format string');
      const text = convert(value, { kind, flags, width: Number(width), precision }, budget);
      length += text.length;
      budget.text(length);
      return text;
    },
  );
  const spare = used < list.length && !(values instanceof Dict) && !Array.isArray(values);
  if (spare) throw refused('not all arguments converted during string formatting');
  return result;
}

interface Conversion {
  readonly kind: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: string | undefined;
}

function convert(value: Value, { kind, flags, width, precision }: Conversion, budget: Budget): string {
  const decimals = precision === undefined ? undefined : Number(precision);
  let text: string;
  const isNumber = !'srac'.includes(kind) || kind === '';
  if (kind === 's' || kind === 'r') {
    text = kind === 's' ? stringOf(value, budget) : represent(value, budget);
    if (decimals !== undefined) text = [...text].slice(0, decimals).join('');
  } else if ('diu'.includes(kind) && kind !== '') text = signed(wholeOf(value), flags, decimals);
  else if (kind === 'f' || kind === 'F') text = withSign(fixed(floatOf(value), decimals ?? 6), flags);
  else if (kind === 'x' || kind === 'X') {
    if (typeof value !== 'number' || flags.includes('#')) throw refused(`the format %${kind}`);
    text = withSign(kind === 'X' ? value.toString(16).toUpperCase() : value.toString(16), flags);
  } else throw refused(`the format %${kind}`);
  if (isNumber && flags.includes('0') && !flags.includes('-') && /\d/.test(text)) {
    const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
    return sign + pad(text.slice(sign.length), width - sign.length, '>', '0', budget);
  }
  return pad(text, width, flags.includes('-') ? '<' : '>', ' ', budget);
}

function wholeOf(value: Value): number {
  const error = demandDefined(value);
  if (error) throw error;
  if (!isNumeric(value)) throw refused(`%d format: a real number is required, not ${typeName(value)}`);
  return integer(Math.trunc(numberOf(value)));
}

function floatOf(value: Value): number {
  if (!isNumeric(value)) throw demandDefined(value) ?? refused(`must be real number, not ${typeName(value)}`);
  return numberOf(value);
}

function signed(value: number, flags: string, digits: number | undefined): string {
  const text = String(Math.abs(value)).padStart(Math.min(digits ?? 0, MAX_WIDTH), '0');
  return withSign(value < 0 ? `-${text}` : text, flags);
}

const withSign = (text: string, flags: string): string =>
  text.startsWith('-') ? text : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;

/** Rounds half to even, but only numbers that are exactly half; JavaScript's toFixed() rounds those up. */
export function fixed(value: number, decimals: number): string {
  if (decimals > 100) throw refused(`${decimals} decimals`);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) >= 1e21) throw refused('a number of 22 digits');
  const text = value.toFixed(decimals);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const digits = text.replace('-', '');
  const last = Number(digits.at(-1));
  return sign + (last % 2 === 1 && isHalf(Math.abs(value), decimals) ? lessOne(digits) : digits);
}

/** Whether a number lies exactly between two decimals: x · 10^d is an odd multiple of one half, and so is x · 2^d. */
const isHalf = (value: number, decimals: number): boolean => (value * 2 ** (decimals + 1)) % 2 === 1;

function lessOne(digits: string): string {
  return digits.slice(0, -1) + String(Number(digits.at(-1)) - 1);
}

/** Pads to a width, counted in characters. */
export function pad(text: string, width: number, align: string, fill: string, budget: Budget): string {
  const missing = width - lengthOfText(text, budget);
  if (!(missing > 0)) return text;
  budget.text(text.length + missing * fill.length);
  if (align === '<') return text + fill.repeat(missing);
  if (align === '>') return fill.repeat(missing) + text;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

const FIELD = /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;

/** `template.format(…)`; attributes and indices in fields are refused. */
export function braceFormat(template: string, { positional, named }: Arguments, budget: Budget): string {
  budget.text(template.length);
  let next = 0;
  let length = template.length;
  return template.replace(
    FIELD,
    (all, name: string | undefined, conversion: string | undefined, spec?: string) => {
      if (all === '{{' || all === '}}') return all[0]!;
      if (name === undefined) throw refused(`single "${all}" in a format`);
      if (/[.[]/.test(name)) throw refused('a format that reaches into a value');
      const value =
        name === '' ? positional[next++] : /^\d+$/.test(name) ? positional[Number(name)] : named.get(name);
      if (value === undefined) throw refused(`the format has no value for {${name}}`);
      const inner =
        conversion === 'r' ? represent(value, budget) : conversion === 's' ? stringOf(value, budget) : value;
      const text = formatValue(inner, spec ?? '', budget);
      length += text.length;
      budget.text(length);
      return text;
    },
  );
}

const SPEC = /^(?:([\s\S]?)([<>=^]))?([-+ ]?)(0?)(\d*)(,?)(?:\.(\d+))?([sdf%]?)$/u;

function formatValue(value: Value, spec: string, budget: Budget): string {
  if (spec === '') return stringOf(value, budget);
  const match = SPEC.exec(spec);
  if (!match) throw refused(`the format ${JSON.stringify(spec)}`);
  const [, fill = '', align = '', sign = '', zero, width, comma, precision, kind] = match;
  if (comma || align === '=') throw refused(`the format ${JSON.stringify(spec)}`);
  const plain = textIn(value);
  if (plain !== undefined) {
    if ((kind && kind !== 's') || sign || zero) throw refused(`the format ${JSON.stringify(spec)} of a text`);
    const cut = precision === undefined ? plain : [...plain].slice(0, Number(precision)).join('');
    return pad(cut, Number(width), align || '<', fill || ' ', budget);
  }
  if (!isNumeric(value) || typeof value === 'boolean' || value instanceof Undefined)
    throw refused(`unsupported format string passed to ${typeName(value)}.__format__`);
  const text = withSign(numberText(value, kind ?? '', precision), sign === '-' ? '' : sign);
  if (zero && !align) {
    const own = /^[-+ ]/.exec(text)?.[0] ?? '';
    return own + pad(text.slice(own.length), Number(width) - own.length, '>', '0', budget);
  }
  return pad(text, Number(width), align || '>', fill || (zero ? '0' : ' '), budget);
}

function numberText(value: number | Float, kind: string, precision: string | undefined): string {
  const decimals = precision === undefined ? 6 : Number(precision);
  if (kind === 'f') return fixed(numberOf(value), decimals);
  if (kind === '%') return `${fixed(numberOf(value) * 100, decimals)}%`;
  if (kind !== 's' && typeof value === 'number' && precision === undefined) return String(value);
  throw refused(`the format of a ${typeName(value)}`);
}
