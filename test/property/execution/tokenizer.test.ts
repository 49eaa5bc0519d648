import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { loadTokenizer, type Tokenizer } from '#execution';
import type { GgufValue, Json } from '#formats';
import {
  folderTokenizer,
  sentencePieceMetadata,
  sentencePieceTokenizer,
} from '../../support/small-tokenizers.ts';

const TOKENIZERS: [string, Tokenizer][] = [
  ['byte-level', folderTokenizer('tiny-tied')],
  ['byte fallback', folderTokenizer('tiny-sharded')],
  ['SentencePiece in GGUF', sentencePieceTokenizer()],
];
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(' ', '\n', 'a', "'s", '12', '\ufeff', '👩‍👧'), fc.string()),
});

for (const [name, tokenizer] of TOKENIZERS) {
  test(`${name}: encoding and decoding gives the text back, streamed or not`, () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // U+2581 is SentencePiece's own sign for a space.
        fc.pre(!text.includes('▁'));
        const ids = tokenizer.encode(text, { special: false });
        assert.equal(tokenizer.decode(ids), text);
        const stream = tokenizer.stream();
        const pieces = [...ids.map((id) => stream.push(id)), stream.end()];
        assert.ok(pieces.every((piece) => piece.isWellFormed()));
        assert.equal(pieces.join(''), text);
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: any ids decode to well-formed text`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: tokenizer.vocab + 2 })), (ids) => {
        const text = tokenizer.decode(ids);
        assert.ok(text.isWellFormed());
        const stream = tokenizer.stream();
        assert.equal(ids.map((id) => stream.push(id)).join('') + stream.end(), text);
      }),
    );
  });
}

/** Loads and uses a hostile tokenizer: only coded errors of ours may come out. */
function survives(use: () => void): void {
  try {
    use();
  } catch (error) {
    assert.ok(error instanceof BitorchError, `${error}`);
    assert.match(error.code, /^(TOKENIZER_\w+|SCHEMA_INVALID|TIME_LIMIT)$/);
  }
}

test('a tokenizer.json of any content loads or is refused', () => {
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({
      type: fc.constantFrom(
        'BPE',
        'Unigram',
        'ByteLevel',
        'Sequence',
        'Split',
        'Metaspace',
        'Strip',
        'ByteFallback',
      ),
      vocab: fc.oneof(
        fc.dictionary(fc.string({ maxLength: 3 }), fc.integer({ min: -1, max: 5 })),
        fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer())),
      ),
      merges: fc.oneof(fc.array(fc.string({ maxLength: 5 })), fc.jsonValue({ maxDepth: 1 })),
      decoders: fc.jsonValue({ maxDepth: 2 }),
    }),
  );
  const token = fc.record({
    id: fc.integer({ min: -1, max: 9 }),
    content: fc.string(),
    special: fc.boolean(),
  });
  const nothingInside = { type: 'Sequence', decoders: [null] };
  const json = fc.record({
    added_tokens: fc.oneof(fc.array(token, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
    normalizer: fc.oneof(fc.constant(null), part),
    pre_tokenizer: fc.oneof(fc.constant(null), part),
    decoder: fc.oneof(fc.constant({ type: 'ByteLevel' }), fc.constant(nothingInside), part),
    model: part,
  });
  fc.assert(
    fc.property(json, fc.string(), (value, text) =>
      survives(() => {
        const files = { 'tokenizer.json': value as unknown as Json };
        const tokenizer = loadTokenizer({ kind: 'tokenizer.json', files });
        tokenizer.decode(tokenizer.encode(text, { special: true }));
      }),
    ),
    { numRuns: 1000 },
  );
});

test('GGUF tokenizer metadata of any content loads or is refused', () => {
  const keys = [...sentencePieceMetadata().keys(), 'tokenizer.ggml.merges', 'tokenizer.ggml.pre'];
  const value: fc.Arbitrary<GgufValue> = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string({ maxLength: 4 }), { maxLength: 5 }),
    fc.array(fc.double(), { maxLength: 5 }),
    fc.constantFrom('gpt2', 'llama', 'smollm', 2n ** 63n),
  );
  const change = fc.tuple(fc.constantFrom(...keys), value);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.string(), (changes, text) =>
      survives(() => {
        const metadata = new Map([...sentencePieceMetadata(), ...changes]);
        loadTokenizer({ kind: 'gguf', metadata }).encode(text, { special: false });
      }),
    ),
    { numRuns: 200 },
  );
});
