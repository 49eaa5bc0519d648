import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf } from '#base';
import { loadTokenizer, type Tokenizer } from '#execution';
import type { Json } from '#formats';

interface Fixture {
  oracle: string;
  texts: string[];
  /** `change`: the keys of tokenizer.json that are others than in the folder tiny-tied. */
  cases: { name: string; change: { [key: string]: Json }; ids: number[][] }[];
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../hf/${name}`, import.meta.url), 'utf8'));
const { oracle, texts, cases }: Fixture = read('tokenizer-parts.json');
const base = read('tiny-tied/tokenizer.json');

test(`each part of tokenizer.json gives the ids of ${oracle}, or is refused by name`, () => {
  const refused: string[] = [];
  for (const { name, change, ids } of cases) {
    const tokenizer = load(change);
    if (!tokenizer) refused.push(name);
    else
      for (const [n, text] of texts.entries())
        assert.deepEqual(
          tokenizer.encode(text, { special: true }),
          ids[n],
          `${name}: ${JSON.stringify(text)}`,
        );
  }
  assert.ok(cases.length - refused.length > cases.length / 2, refused.join(', '));
});

function load(change: { [key: string]: Json }): Tokenizer | undefined {
  try {
    return loadTokenizer({ kind: 'tokenizer.json', files: { 'tokenizer.json': { ...base, ...change } } });
  } catch (error) {
    assert.equal(codeOf(error), 'TOKENIZER_UNSUPPORTED');
    return undefined;
  }
}
