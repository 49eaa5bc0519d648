import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inColumns } from '../../../src/cli/wallet/create.ts';
import { countWords, entropyOf, wordsOf } from '../../../src/ledger/wallet/seed.ts';

const entropy = new Uint8Array(32).map((_, i) => 7 * i + 1);
const words = wordsOf(entropy).split(' ');
const numbered = (before: string, after: string) =>
  words.map((word, i) => `${before}${i + 1}${after}${word}`);
/** Two columns side by side, 1 to 12 and 13 to 24, as on paper. */
const twoColumns = words.slice(0, 12).map((word, i) => `${i + 1}. ${word}\t${i + 13}. ${words[i + 12]}`);

const spellings: Record<string, string> = {
  plain: words.join(' '),
  'as this program prints them': inColumns(words.join(' ')),
  'on lines': words.join('\n'),
  'on lines of Windows': words.join('\r\n'),
  capitals: words.join(' ').toUpperCase(),
  'capital letters first': words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(' '),
  commas: words.join(', '),
  'commas alone': words.join(','),
  'semicolons and a stop': `${words.join('; ')}.`,
  'a list of JSON': JSON.stringify(words),
  'numbers and dots': numbered('', '. ').join('\n'),
  'numbers and brackets': numbered('', ') ').join(' '),
  'numbers without a space': numbered('', '.').join(' '),
  'numbers in brackets': numbered('[', '] ').join('\n'),
  'numbers behind the words': words.map((word, i) => `${word} (${i + 1})`).join('\n'),
  'a table': numbered('| ', ' | ').join(' |\n'),
  bullets: words.map((word) => `• ${word}`).join('\n'),
  'two columns': twoColumns.join('\n'),
  'shuffled with numbers': numbered('', ' ').toReversed().join('\n'),
  'no-break spaces': words.join('\u00a0'),
  'wide spaces and letters': words
    .join('\u3000')
    .replace(/[a-z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  'a byte order mark': `\ufeff${words.join(' ')}`,
  'zero-width spaces': words.join(' \u200b'),
  'four letters': words.map((word) => word.slice(0, 4)).join(' '),
  'five letters': words.map((word) => word.slice(0, 5)).join(' '),
  'quotes and dashes': words.map((word) => `“${word}”`).join(' – '),
};

test('words are read however they were kept', () => {
  for (const [spelling, text] of Object.entries(spellings)) {
    assert.deepEqual(entropyOf(text), entropy, spelling);
    assert.equal(countWords(text), 24, spelling);
  }
});

test('what is missing or wrong is named by its place', () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => entropyOf(text), { code: 'WORDS_INVALID', message }, text);
  refused('', /24 are needed, not 0/);
  refused(words.slice(1).join(' '), /not 23/);
  refused([...words, words[0]].join(' '), /not 25/);
  refused(words.with(4, 'torchy').join(' '), /word 5, "torchy"/);
  refused(words.with(4, 'abc').join(' '), /word 5/);
  refused(words.with(4, `${words[4]}x`).join(' '), /word 5/);
  refused(words.toReversed().join(' '), /does not fit/);
});

test('repeated words keep their places, numbered or not', () => {
  const same = wordsOf(new Uint8Array(32)).split(' ');
  assert.deepEqual(entropyOf(same.map((word, i) => `${i + 1} ${word}`).join(' ')), new Uint8Array(32));
});
