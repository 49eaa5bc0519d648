import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';

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
const UNREADABLE = [
  '(a',
  'a)',
  '[a',
  '\\p{Nonsense}',
  '(a)\\1',
  '(a{200}){200}',
  `${'('.repeat(200)}a${')'.repeat(200)}`,
];

test('patterns of well-known tokenizers are sound', async () => {
  for (const pattern of SOUND) assert.deepEqual(await judge(pattern), [], pattern);
});

test('patterns that can run for ever are found', async () => {
  for (const pattern of EXPONENTIAL) assert.deepEqual(await judge(pattern), ['tokenizer-regex'], pattern);
});

test('what cannot be judged is refused', async () => {
  for (const pattern of UNREADABLE) assert.deepEqual(await judge(pattern), ['tokenizer-regex'], pattern);
});
