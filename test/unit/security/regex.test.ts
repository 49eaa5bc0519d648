import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { backtrackingDegree } from '../../../src/security/regex/ambiguity.ts';

const ruleset = await builtInRuleset();

/** What the scanner says of a tokenizer with this pattern. */
async function judge(pattern: string): Promise<string[]> {
  const file = {
    added_tokens: [],
    pre_tokenizer: { type: 'Split', pattern: { Regex: pattern } },
    model: { type: 'BPE', vocab: {}, merges: [] },
  };
  const source = inBuffer(Buffer.from(JSON.stringify(file)));
  const { files } = await scan([{ path: 'tokenizer.json', source }], ruleset);
  return files[0]!.findings.map(({ rule }) => rule);
}

/** Patterns of well-known tokenizers. */
const SOUND = [
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|\\p{N}',
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  '[\\p{Han}]+|[\\p{L}&&[^\\p{Han}]]+|\\p{N}{1,3}',
  '[一-龥぀-ゟ゠-ヿ]+',
  '(?=(\\d{3})+(?!\\d))',
  '<\\|startoftext\\|>|<\\|endoftext\\|>|[^\\s\\p{L}\\p{N}]+',
  '(\\[[^\\]]+]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\\(|\\)|\\.|=|#|-|\\+|\\\\|\\/|:|~|@|\\?|>|\\*|\\$|\\%[0-9]{2}|[0-9])',
];
const EXPONENTIAL = [
  '(a+)+$',
  '(a*)*b',
  '(a|a)*$',
  '(\\w+\\s?)*$',
  '(\\p{L}|\\p{Lu})+!',
  '(.*)*x',
  '(?:a?b?)*c',
  '(x+x+)+y',
  '(?=(a+)+$)',
  '(\\s*\\S*)*$',
];
/** Loops that share a text, and can fail behind it. */
const SLOW: readonly (readonly [pattern: string, degree: number])[] = [
  ['a*a*b', 2],
  ['\\s*\\s*x', 2],
  ['\\s+\\s+$', 2],
  ['(?:\\w+,?)\\w+!', 2],
  ['.*.*=.*', 2],
  ['a*b*a*c', 2],
  ['a*a*a*b', 3],
  ['x|(?!\\d+\\.?\\d+$)', 2],
];
/** Loops behind which nothing can fail, or that share no text. */
const QUICK = ['a*a*', '\\s*[\\r\\n]+', '\\w*\\d+', 'x*y*z', '[^"]*"[^"]*"', '\\s+$', '(?:a*a*)?'];
const UNREADABLE = [
  '(a',
  'a)',
  '[a',
  '\\p{Nonsense}',
  '(a)\\1',
  '(a{200}){200}',
  `${'('.repeat(200)}a${')'.repeat(200)}`,
  `a${'*'.repeat(8000)}`,
];

/** `count` different characters. */
const different = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => String.fromCodePoint(0x4e00 + 3 * n));

/** Small patterns whose products of automata have billions of edges. */
const COSTLY = [`(${different(900).join('|')})*x`, '(?=a{0,250}b)'.repeat(600), 'a?'.repeat(4000)];

test('patterns of well-known tokenizers are sound', async () => {
  for (const pattern of SOUND) assert.deepEqual(await judge(pattern), [], pattern);
});

test('patterns that can run for ever are found', async () => {
  for (const pattern of EXPONENTIAL) assert.deepEqual(await judge(pattern), ['tokenizer-regex'], pattern);
});

test('patterns whose work outgrows the text are found, with the power', async () => {
  for (const [pattern, degree] of SLOW) {
    assert.equal(backtrackingDegree(pattern), degree, pattern);
    assert.deepEqual(await judge(pattern), ['tokenizer-regex-slow'], pattern);
  }
  for (const pattern of [...QUICK, ...SOUND]) assert.equal(backtrackingDegree(pattern), 1, pattern);
});

test('all that a pattern is made of shares one bound of work, and is judged once', async () => {
  for (const pattern of COSTLY)
    assert.deepEqual(await judge(pattern), ['tokenizer-regex'], pattern.slice(0, 40));
  assert.equal(backtrackingDegree('(?:(?:(?=a{0,40}b)){250}){250}'), 1);
});

test('the patterns of a file share one bound of work as well', async () => {
  const hard = Array.from({ length: 60 }, (_, n) => ({ pattern: { Regex: `a{0,255}b{0,255}${n}` } }));
  const source = inBuffer(Buffer.from(JSON.stringify({ pre_tokenizers: hard })));
  const { files } = await scan([{ path: 'tokenizer.json', source }], ruleset);
  const refused = files[0]!.findings.map(({ place }) => Number(/\d+/.exec(place)![0]));
  assert.ok(refused[0]! > 4 && refused[0]! < 30, `the first is ${refused[0]}`);
  assert.equal(refused.at(-1), 59);
});

test('what cannot be judged is refused', async () => {
  for (const pattern of UNREADABLE) assert.deepEqual(await judge(pattern), ['tokenizer-regex'], pattern);
});
