import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { codeOf } from '#base';
import { loadTokenizer } from '#execution';
import type { Json } from '#formats';
import type { TokenizerJson } from '../../../src/execution/tokenizer/definition.ts';
import { Encoder } from '../../../src/execution/tokenizer/encoder.ts';

interface Kind {
  name: string;
  json: Json;
  /** SHA-256 of the ids of all texts, and of what they decode to. */
  ids: string;
  texts: string;
}

const { deflated } = JSON.parse(readFileSync(new URL('../hf/tokenizer-kinds.json', import.meta.url), 'utf8'));
const unpacked = inflateSync(Buffer.from(deflated, 'base64')).toString('utf8');
const { oracle, texts, cases }: { oracle: string; texts: string[]; cases: Kind[] } = JSON.parse(unpacked);

const REFUSED = new Set(['BERT normalizer', 'nmt']);

const digest = (texts: string[]) => createHash('sha256').update(texts.join('\0\0')).digest('hex');

test(`${cases.length} kinds of tokenizers give the ids and texts of ${oracle} for ${texts.length} texts, or are refused`, () => {
  assert.ok(texts.length >= 837);
  for (const { name, json, ...expected } of cases) {
    const load = () => loadTokenizer({ kind: 'tokenizer.json', files: { 'tokenizer.json': json } });
    if (REFUSED.has(name)) {
      assert.throws(load, (error) => codeOf(error) === 'TOKENIZER_UNSUPPORTED');
      continue;
    }
    const tokenizer = load();
    const encoder = new Encoder(json as unknown as TokenizerJson);
    const ids = texts.map((text) => encoder.encode(text.toWellFormed(), { special: true }));
    assert.equal(digest(ids.map((each) => each.join(' '))), expected.ids, `${name}: ids`);
    assert.equal(digest(ids.map((each) => tokenizer.decode(each))), expected.texts, `${name}: texts`);
  }
});
