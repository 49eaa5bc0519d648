import { type Budget, refused } from './budget.ts';
import { AFTER_LINE_ENDS, isAscii, LINE_ENDS, strip, WORDS } from './characters.ts';
import { braceFormat, pad } from './formatting.ts';
import { type Known, method } from './method.ts';
import {
  characters,
  chargeSearch,
  demandDefined,
  iterate,
  lengthOfText,
  Tuple,
  textIn,
  typeName,
  type Value,
} from './values.ts';

/** Methods of Python's str. */
function textArg(value: Value | undefined, name: string): string {
  const text = value === undefined ? undefined : textIn(value);
  if (text === undefined)
    throw (
      (value !== undefined && demandDefined(value)) ||
      refused(`${name}() wants a text, not ${value === undefined ? 'nothing' : typeName(value)}`)
    );
  return text;
}

function countArg(value: Value | undefined, otherwise: number, name: string): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number')
    throw demandDefined(value) ?? refused(`${name}() wants an integer, not ${typeName(value)}`);
  return value;
}

const stripping = (sides: 'left' | 'right' | 'both'): Known<string> =>
  method('/chars', (self, [chars]) =>
    strip(self, sides, chars === undefined || chars === null ? undefined : textArg(chars, 'strip')),
  );

/** str.split and str.rsplit; `most` < 0: no limit. */
function split(
  self: string,
  separator: string | undefined,
  most: number,
  fromRight: boolean,
  budget: Budget,
): string[] {
  if (separator === '') throw refused('empty separator');
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (separator !== undefined) chargeSearch(self, separator, budget);
  const parts =
    separator === undefined
      ? splitBlanks(self, limit, fromRight)
      : splitAt(self, separator, limit, fromRight);
  budget.list(parts.length);
  return parts;
}

function splitAt(self: string, separator: string, limit: number, fromRight: boolean): string[] {
  const parts = self.split(separator);
  if (parts.length - 1 <= limit) {
    if (!fromRight || separator.length === 1) return parts;
  }
  if (!fromRight) return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
  // Searching from the right finds other places where separators overlap.
  const found: string[] = [];
  let end = self.length;
  while (found.length < limit) {
    const at = end < separator.length ? -1 : self.lastIndexOf(separator, end - separator.length);
    if (at < 0) break;
    found.push(self.slice(at + separator.length, end));
    end = at;
  }
  return [...found, self.slice(0, end)].reverse();
}

function splitBlanks(self: string, limit: number, fromRight: boolean): string[] {
  const words = [...self.matchAll(WORDS)];
  if (words.length <= limit || words.length === 0) return words.map(([word]) => word);
  // What is left over keeps the blanks at its far end.
  if (!fromRight) return [...words.slice(0, limit).map(([word]) => word), self.slice(words[limit]!.index)];
  const kept = words.length - limit;
  const last = words[kept - 1]!;
  return [self.slice(0, last.index + last[0].length), ...words.slice(kept).map(([word]) => word)];
}

const splitting = (fromRight: boolean): Known<string> =>
  method('sep maxsplit', (self, [separator, most], budget) => {
    const by = separator === undefined || separator === null ? undefined : textArg(separator, 'split');
    return split(self, by, countArg(most, -1, 'split'), fromRight, budget);
  });

/** Begins or ends with one of the texts, looked at from `start` to `end`. */
const affix = (has: (text: string, part: string) => boolean): Known<string> =>
  method('/prefix /start /end', (self, [parts, start, end], budget) => {
    const text =
      start === undefined && end === undefined ? self : sliceText(self, start ?? null, end ?? null, budget);
    const wanted = parts instanceof Tuple ? parts.items : [parts];
    budget.items(wanted.length);
    return wanted.some((part) => has(text, textArg(part, 'startswith')));
  });

function sliceText(self: string, start: Value, end: Value, budget: Budget): string {
  const letters = characters(self, budget);
  const at = (value: Value, otherwise: number) => (value === null ? otherwise : countArg(value, 0, 'slice'));
  return letters.slice(at(start, 0), at(end, letters.length)).join('');
}

/** Where a part lies, in characters; −1 where it does not. */
const finding = (fromRight: boolean, demanded: boolean): Known<string> =>
  method('/sub /start /end', (self, [sub, start, end], budget) => {
    if (start !== undefined || end !== undefined) throw refused('find() within bounds');
    const part = textArg(sub, 'find');
    chargeSearch(self, part, budget);
    const at = fromRight ? self.lastIndexOf(part) : self.indexOf(part);
    if (at < 0 && demanded) throw refused('substring not found');
    return at <= 0 ? at : lengthOfText(self.slice(0, at), budget);
  });

const cutting = (fromRight: boolean): Known<string> =>
  method('/sep', (self, [separator], budget) => {
    const by = textArg(separator, 'partition');
    if (by === '') throw refused('empty separator');
    chargeSearch(self, by, budget);
    const at = fromRight ? self.lastIndexOf(by) : self.indexOf(by);
    if (at < 0) return new Tuple(fromRight ? ['', '', self] : [self, '', '']);
    return new Tuple([self.slice(0, at), by, self.slice(at + by.length)]);
  });

const aligning = (align: string): Known<string> =>
  method('/width /fillchar', (self, [width, fill], budget) => {
    const filling = fill === undefined ? ' ' : textArg(fill, 'ljust');
    if ([...filling].length !== 1) throw refused('the fill character must be exactly one character long');
    if (align === '^') return center(self, countArg(width, 0, 'center'), filling, budget);
    return pad(self, countArg(width, 0, 'ljust'), align, filling, budget);
  });

/** str.center puts the odd blank left where the width is odd. */
export function center(text: string, width: number, fill: string, budget: Budget): string {
  const missing = width - lengthOfText(text, budget);
  if (!(missing > 0)) return text;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  budget.text(text.length + missing * fill.length);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

/** Whether a text is not empty and each of its characters is of a kind. */
const every = (pattern: RegExp): Known<string> => method('', (self) => pattern.test(self));

const cased = /[\p{Lowercase}\p{Uppercase}\p{Lt}]/u;
export const isLowerCase = (text: string): boolean =>
  cased.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
export const isUpperCase = (text: string): boolean =>
  cased.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);

export const capitalize = (text: string): string => {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return text === '' ? '' : titled(first) + text.slice(first.length).toLowerCase();
};

/** The titlecase of a character where that is not its uppercase. */
const TITLES: Readonly<Record<string, string>> = {
  ß: 'Ss',
  ﬁ: 'Fi',
  ﬂ: 'Fl',
  ﬀ: 'Ff',
  ﬃ: 'Ffi',
  ﬄ: 'Ffl',
  ﬅ: 'St',
  ﬆ: 'St',
};
function titled(character: string): string {
  const known = TITLES[character];
  if (known) return known;
  const upper = character.toUpperCase();
  if ([...upper].length > 1 || /[ǄǅǆǇǈǉǊǋǌǱǲǳ]/.test(character))
    throw refused(`the titlecase of ${character}`);
  // Georgian letters have capitals that titles do not use.
  return /[\u10d0-\u10ff]/.test(character) ? character : upper;
}

function title(text: string): string {
  return text.replace(/[\p{Lu}\p{Ll}\p{Lt}\p{Uppercase}\p{Lowercase}]+/gu, (word) => capitalize(word));
}

export function replaceText(self: string, from: string, to: string, count: number, budget: Budget): string {
  chargeSearch(self, from, budget);
  const places = from === '' ? lengthOfText(self, budget) + 1 : self.split(from).length - 1;
  const most = count < 0 ? places : Math.min(count, places);
  budget.text(self.length + Math.max(0, most) * to.length);
  if (most === 0) return self;
  if (from === '') {
    const letters = [...self];
    const woven = letters.map((letter, n) => (n < most ? to : '') + letter).join('');
    return most > letters.length ? woven + to : woven;
  }
  const parts = self.split(from);
  return (
    parts.slice(0, most + 1).join(to) +
    parts
      .slice(most + 1)
      .map((part) => from + part)
      .join('')
  );
}

export function joinTexts(separator: string, texts: readonly string[], budget: Budget): string {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  budget.text(length + separator.length * Math.max(0, texts.length - 1));
  return texts.join(separator);
}

export const TEXT_METHODS: ReadonlyMap<string, Known<string>> = new Map([
  ['strip', stripping('both')],
  ['lstrip', stripping('left')],
  ['rstrip', stripping('right')],
  ['split', splitting(false)],
  ['rsplit', splitting(true)],
  ['startswith', affix((text, part) => text.startsWith(part))],
  ['endswith', affix((text, part) => text.endsWith(part))],
  ['find', finding(false, false)],
  ['rfind', finding(true, false)],
  ['index', finding(false, true)],
  ['rindex', finding(true, true)],
  ['partition', cutting(false)],
  ['rpartition', cutting(true)],
  ['ljust', aligning('<')],
  ['rjust', aligning('>')],
  ['center', aligning('^')],
  [
    'isdigit',
    every(
      /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792]+$/u,
    ),
  ],
  ['isdecimal', every(/^\p{Nd}+$/u)],
  ['isalpha', every(/^\p{L}+$/u)],
  ['isspace', method('', (self) => self !== '' && strip(self, 'left', undefined) === '')],
  ['isascii', method('', (self) => isAscii(self))],
  ['islower', method('', (self) => isLowerCase(self))],
  ['isupper', method('', (self) => isUpperCase(self))],
  ['upper', method('', (self, _, budget) => made(self.toUpperCase(), budget))],
  ['lower', method('', (self, _, budget) => made(self.toLowerCase(), budget))],
  ['title', method('', (self, _, budget) => made(title(self), budget))],
  ['capitalize', method('', (self, _, budget) => made(capitalize(self), budget))],
  [
    'swapcase',
    method('', (self, _, budget) =>
      made(
        [...self]
          .map((c) => (isUpperCase(c) ? c.toLowerCase() : isLowerCase(c) ? c.toUpperCase() : c))
          .join(''),
        budget,
      ),
    ),
  ],
  [
    'isalnum',
    method('', (self) => {
      if (/[\p{Nl}\p{No}]/u.test(self)) throw refused('isalnum() of rare numbers');
      return /^[\p{L}\p{Nd}]+$/u.test(self);
    }),
  ],
  [
    'isnumeric',
    method('', (self) => {
      if (!isAscii(self)) throw refused('isnumeric() of a text beyond ASCII');
      return /^\d+$/.test(self);
    }),
  ],
  [
    'replace',
    method('/old /new count', (self, [from, to, count], budget) =>
      replaceText(
        self,
        textArg(from, 'replace'),
        textArg(to, 'replace'),
        countArg(count, -1, 'replace'),
        budget,
      ),
    ),
  ],
  [
    'count',
    method('/sub', (self, [sub], budget) => {
      const part = textArg(sub, 'count');
      chargeSearch(self, part, budget);
      return part === '' ? lengthOfText(self, budget) + 1 : self.split(part).length - 1;
    }),
  ],
  [
    'splitlines',
    method('keepends', (self, [keep], budget) => {
      const parts = keep === true || keep === 1 ? self.split(AFTER_LINE_ENDS) : self.split(LINE_ENDS);
      budget.list(parts.length);
      if (parts.at(-1) === '') parts.pop();
      return parts;
    }),
  ],
  [
    'join',
    method('/iterable', (self, [items], budget) => {
      if (items === undefined) throw refused('join() wants a list');
      const texts: string[] = [];
      for (const item of iterate(items, budget)) texts.push(textArg(item, 'join'));
      return joinTexts(self, texts, budget);
    }),
  ],
  [
    'removeprefix',
    method('/prefix', (self, [part]) => {
      const prefix = textArg(part, 'removeprefix');
      return self.startsWith(prefix) ? self.slice(prefix.length) : self;
    }),
  ],
  [
    'removesuffix',
    method('/suffix', (self, [part]) => {
      const suffix = textArg(part, 'removesuffix');
      return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
    }),
  ],
  [
    'zfill',
    method('/width', (self, [width], budget) => {
      const sign = /^[-+]/.exec(self)?.[0] ?? '';
      return sign + pad(self.slice(sign.length), countArg(width, 0, 'zfill') - sign.length, '>', '0', budget);
    }),
  ],
  ['format', method('…', (self, _, budget, all) => braceFormat(self, all, budget))],
] as [string, Known<string>][]);

function made(text: string, budget: Budget): string {
  budget.text(text.length);
  return text;
}
