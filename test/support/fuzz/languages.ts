/** Regular expressions and Jinja templates, grown from their grammars or put together out of pieces of sound ones. */
import { utf8 } from '#base';
import type { Random } from '../attacks/index.ts';
import { scramble } from './bytes.ts';

const ATOMS = [
  'a',
  'b',
  '.',
  '\\s',
  '\\S',
  '\\w',
  '\\p{L}',
  '\\p{N}',
  '\\P{Lu}',
  '[^\\s\\p{L}]',
  '[a-z&&[^b]]',
  '[[:alpha:]]',
  '\\x41',
  '\\u{1F600}',
  '^',
  '$',
  '\\b',
  ' ',
  "'",
  '😀',
  '\\1',
  '\\p{Nope}',
  '[',
  ')',
  '\\R',
  '\\h',
];
const QUANTIFIERS = ['', '', '', '*', '+', '?', '*?', '++', '{2}', '{1,3}', '{2,}', '{,4}', '{300}', '{0}'];
const OPENERS = ['(', '(?:', '(?i:', '(?=', '(?!', '(?<=', '(?<!', '(?>', '(?<name>', '(?-i:', '(?x'];

/** A pattern of a bounded depth. */
export function makeRegex(random: Random, depth = 0): string {
  const branches = Array.from({ length: random.chance(4) ? random.between(2, 3) : 1 }, () =>
    Array.from({ length: random.between(1, 4) }, () => {
      const group = depth < 5 && random.chance(4);
      const atom = group ? `${random.pick(OPENERS)}${makeRegex(random, depth + 1)})` : random.pick(ATOMS);
      return atom + random.pick(QUANTIFIERS);
    }).join(''),
  );
  return branches.join('|');
}

const JINJA = [
  '{{',
  '}}',
  '{%',
  '{%-',
  '-%}',
  '%}',
  '{#',
  '#}',
  'if',
  'else',
  'elif',
  'endif',
  'for',
  'in',
  'endfor',
  'set',
  'ns.x',
  '=',
  'macro f(x)',
  'endmacro',
  'f(1)',
  'call',
  'endcall',
  'filter upper',
  'endfilter',
  'break',
  'messages',
  "m['content']",
  'm.role',
  'loop.index0',
  'namespace(a=1)',
  '|trim',
  '|tojson',
  "|join(', ')",
  "|replace('a','b')",
  '~',
  '+',
  '-',
  '*',
  '/',
  '%',
  '==',
  'not',
  'is defined',
  '[1:]',
  '[::-1]',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  "'x'",
  '"',
  '\\',
  '1',
  '1e9',
  'range(5)',
  "raise_exception('x')",
  '__class__',
  'none',
  'true',
];

/** A sound template with words moved, doubled, dropped or exchanged. */
export function mutateTemplate(random: Random, templates: readonly string[]): Uint8Array {
  const words = random.pick(templates).split(/(\s+|(?<=[%}#([.|])|(?=[{%([.|]))/);
  for (let edits = random.between(1, 5); edits > 0; edits--) {
    const at = random.below(words.length + 1);
    const remove = random.chance(2) ? random.below(4) : 0;
    const insert = random.chance(2)
      ? [` ${random.pick(JINJA)} `]
      : random.chance(2)
        ? words.slice(at - 5, at)
        : [];
    words.splice(at, remove, ...insert);
  }
  const text = utf8(words.join(''));
  return random.chance(10) ? scramble(random, text) : text;
}
