import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadTokenizer, openTokenizer, type Tokenizer } from '#execution';
import type { GgufValue, Json } from '#formats';
import { ggufFile } from '../../../support/gguf-file.ts';
import {
  folderTokenizer,
  sentencePieceMetadata,
  sentencePieceTokenizer,
} from '../../../support/small-tokenizers.ts';

const byteLevel = folderTokenizer('tiny-tied');
const sentencePiece = sentencePieceTokenizer();
const plain = { special: false };

const streamed = (tokenizer: Tokenizer, ids: number[]) => {
  const stream = tokenizer.stream();
  return [...ids.map((id) => stream.push(id)), stream.end()];
};

test('control tokens are tokens only where that is asked for', () => {
  const text = '<|im_start|>user\nhi<|im_end|>';
  const special = byteLevel.encode(text, { special: true });
  assert.equal(special[0], 1);
  assert.equal(special.at(-1), 2);
  assert.equal(byteLevel.decode(special), 'user\nhi');
  const ordinary = byteLevel.encode(text, plain);
  assert.ok(!ordinary.includes(1) && !ordinary.includes(2));
  assert.equal(byteLevel.decode(ordinary), text);
});

test('a stream never gives half a character', () => {
  for (const tokenizer of [byteLevel, sentencePiece]) {
    const text = '👩‍👩‍👧‍👦 né 你好';
    const pieces = streamed(tokenizer, tokenizer.encode(text, plain));
    assert.ok(pieces.length > 15, 'the text is cut within its characters');
    assert.equal(pieces.join(''), text);
    assert.ok(pieces.every((piece) => piece.isWellFormed() && !piece.includes('\ufffd')));
  }
});

test('a character that never ends becomes U+FFFD at the end only', () => {
  const pieces = streamed(byteLevel, byteLevel.encode('ok 👋', plain).slice(0, -1));
  assert.equal(pieces.at(-1), '\ufffd');
  assert.equal(pieces.join(''), 'ok \ufffd');
});

test("SentencePiece's own space before a text is dropped once, later ones stay", () => {
  const ids = sentencePiece.encode('  two  spaces', plain);
  assert.equal(sentencePiece.decode(ids), '  two  spaces');
  assert.equal(sentencePiece.decode([sentencePiece.bos!, ...ids, sentencePiece.eos!]), '  two  spaces');
  assert.equal(streamed(sentencePiece, ids).join(''), '  two  spaces');
});

test('ids outside the vocabulary and control tokens add nothing', () => {
  assert.equal(byteLevel.decode([2, 999_999, -1]), '');
  assert.equal(byteLevel.decode([]), '');
  assert.equal(byteLevel.textOf(999_999), '');
  assert.deepEqual(byteLevel.encode('', plain), []);
});

test('lone surrogates are taken as U+FFFD', () => {
  assert.equal(byteLevel.decode(byteLevel.encode('a\ud800b', plain)), 'a\ufffdb');
});

test('a text without end is refused', () => {
  assert.throws(() => byteLevel.encode('x'.repeat((1 << 22) + 1), plain), { code: 'PROMPT_TOO_LONG' });
});

test('end tokens come from all files that name some, and from known control tokens', () => {
  assert.deepEqual(byteLevel.stopIds, [0, 2]);
  assert.deepEqual(sentencePiece.stopIds, [sentencePiece.eos]);
  const metadata = new Map(sentencePieceMetadata()).set('tokenizer.ggml.eot_token_id', 17);
  assert.deepEqual(loadTokenizer({ kind: 'gguf', metadata }).stopIds, [2, 17]);
});

test('known end tokens end answers and are not shown, whatever their files say of them', () => {
  const token_type = (type: number) => {
    const tokens = ['a', 'b', '<|im_end|>', '<|im_start|>'];
    return loadTokenizer({
      kind: 'gguf',
      metadata: new Map<string, GgufValue>([
        ['tokenizer.ggml.model', 'gpt2'],
        ['tokenizer.ggml.pre', 'gpt-2'],
        ['tokenizer.ggml.tokens', tokens],
        ['tokenizer.ggml.token_type', [1, 1, type, type]],
        ['tokenizer.ggml.merges', []],
        ['tokenizer.ggml.eos_token_id', 1],
      ]),
    });
  };
  for (const type of [1, 3, 4, 5]) {
    const tokenizer = token_type(type);
    assert.deepEqual(tokenizer.stopIds, [1, 2], `type ${type}`);
    assert.equal(tokenizer.decode([0, 3, 2, 0]), 'aa', `type ${type}`);
    assert.deepEqual(
      tokenizer.encode('<|im_start|>a<|im_end|>', { special: true }),
      [3, 0, 2],
      `type ${type}`,
    );
    assert.equal(tokenizer.idOf('<|im_start|>'), 3);
  }
  const added = [{ id: 3, content: '<|eot_id|>', special: false }];
  const folder = loadJson({ ...minimalJson(), added_tokens: added });
  assert.deepEqual(folder.stopIds, [3]);
  assert.equal(folder.decode([2, 3]), 'ab');
});

test('in the format of gpt-oss <|end|> ends a message only', () => {
  const added = ['<|end|>', '<|return|>', '<|call|>'].map((content, n) => ({
    id: 3 + n,
    content,
    special: true,
  }));
  assert.deepEqual(loadJson({ ...minimalJson(), added_tokens: added }).stopIds, [4, 5]);
  assert.deepEqual(loadJson({ ...minimalJson(), added_tokens: added.slice(0, 1) }).stopIds, [3]);
});

test('a raw prompt begins with bos where the model says so', () => {
  const set = (key: string, value: GgufValue) =>
    loadTokenizer({ kind: 'gguf', metadata: new Map(sentencePieceMetadata()).set(key, value) });
  assert.equal(sentencePiece.addsBos, true);
  assert.equal(set('tokenizer.ggml.add_bos_token', false).addsBos, false);
  const folder = (post_processor: Json) => {
    const json = minimalJson();
    return loadTokenizer({
      kind: 'tokenizer.json',
      files: { 'tokenizer.json': { ...json, post_processor }, 'tokenizer_config.json': { bos_token: '<s>' } },
    });
  };
  const single = [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
  const template = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
  assert.equal(folder(template).addsBos, true);
  assert.equal(folder({ type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] }).addsBos, true);
  assert.equal(folder({ type: 'ByteLevel' }).addsBos, false);
  assert.equal(folder(null).addsBos, false);
});

/** A byte-level tokenizer.json of four tokens. */
function minimalJson(): { [key: string]: Json } {
  return {
    added_tokens: [{ id: 3, content: '<s>', special: true }],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] },
  };
}

const loadJson = (json: Json) => loadTokenizer({ kind: 'tokenizer.json', files: { 'tokenizer.json': json } });

test('merges are applied and added tokens found', () => {
  const tokenizer = loadJson(minimalJson());
  assert.deepEqual(tokenizer.encode('abab<s>', { special: true }), [2, 2, 3]);
  assert.deepEqual(tokenizer.encode('ba', plain), [1, 0]);
});

test('a text with a part that has no token is refused where the tokenizer names an unknown token in vain', () => {
  const { vocab, merges } = minimalJson().model as { vocab: Json; merges: Json };
  const tokenizer = loadJson({ ...minimalJson(), model: { type: 'BPE', vocab, merges, unk_token: '?' } });
  assert.deepEqual(tokenizer.encode('ab', plain), [2]);
  assert.throws(() => tokenizer.encode('axb', plain), { code: 'TOKENIZER_INVALID' });
});

test('tokenizers that are damaged or of unknown kinds are refused', () => {
  const refused = (changes: { [key: string]: Json }, code: RegExp) =>
    assert.throws(
      () => loadJson({ ...minimalJson(), ...changes }),
      (error: { code: string }) => code.test(error.code),
    );
  const model = { type: 'BPE', merges: [] };
  refused({ model: { ...model, vocab: { a: 0, b: 0 } } }, /TOKENIZER_INVALID/);
  refused({ model: { ...model, vocab: { a: 0, b: 7 } } }, /TOKENIZER_INVALID/);
  refused({ model: { ...model, vocab: { a: 0.5 } } }, /TOKENIZER_INVALID/);
  refused({ model: { ...model, vocab: { a: 'x' } } }, /SCHEMA_INVALID/);
  refused({ model: { type: 'WordPiece', vocab: {} } }, /SCHEMA_INVALID/);
  refused({ model: { ...model, vocab: { a: 0 }, merges: [7] } }, /TOKENIZER_INVALID/);
  refused({ added_tokens: [{ id: 1 << 22, content: 'x', special: true }] }, /TOKENIZER_INVALID/);
  refused({ decoder: { type: 'WordPiece' } }, /TOKENIZER_UNSUPPORTED/);
  refused({ decoder: null }, /TOKENIZER_UNSUPPORTED/);
  refused({ pre_tokenizer: { type: 'Nonsense' } }, /TOKENIZER_UNSUPPORTED/);
  refused(
    { pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } },
    /TOKENIZER_INVALID/,
  );
  const gguf = (key: string, value: GgufValue) =>
    loadTokenizer({ kind: 'gguf', metadata: new Map(sentencePieceMetadata()).set(key, value) });
  assert.throws(() => gguf('tokenizer.ggml.model', 'bert'), { code: 'TOKENIZER_UNSUPPORTED' });
  assert.throws(() => gguf('tokenizer.ggml.model', 'gpt2'), { code: 'TOKENIZER_INVALID' });
  assert.throws(() => gguf('tokenizer.ggml.scores', [1]), { code: 'TOKENIZER_INVALID' });
  assert.throws(() => gguf('tokenizer.ggml.tokens', ['a', 'a']), { code: 'TOKENIZER_INVALID' });
  assert.throws(() => gguf('tokenizer.ggml.tokens', 7), { code: 'SCHEMA_INVALID' });
});

test('an unknown pre-tokenizer is named', () => {
  const metadata = new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', 'viking'],
    ['tokenizer.ggml.tokens', ['a']],
    ['tokenizer.ggml.merges', []],
  ]);
  assert.throws(() => loadTokenizer({ kind: 'gguf', metadata }), /"viking".*smollm/);
});

test('a regular expression that backtracks for ever is stopped', { timeout: 30_000 }, () => {
  const pattern = { Regex: '(a+)+$' };
  const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
  const tokenizer = loadJson({
    ...minimalJson(),
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split, { type: 'ByteLevel', use_regex: false }] },
  });
  assert.throws(() => tokenizer.encode(`${'a'.repeat(64)}b`, plain), { code: 'TIME_LIMIT' });
});

test('a tokenizer opens from the ranges that a client holds', async () => {
  const header = ggufFile({
    metadata: [
      ['tokenizer.ggml.model', ['string', 'gpt2']],
      ['tokenizer.ggml.pre', ['string', 'gpt-2']],
      ['tokenizer.ggml.tokens', ['array', ['string', ['a', 'b', 'ab']]]],
      ['tokenizer.ggml.merges', ['array', ['string', ['a b']]]],
    ],
    tensors: [],
  });
  const ranges = [{ file: 'm.gguf', offset: 0, length: header.length }];
  const read = (_: string, offset: number, length: number) =>
    Promise.resolve(header.subarray(offset, offset + length));
  const tokenizer = await openTokenizer({ kind: 'gguf', file: 'm.gguf' }, ranges, read);
  assert.deepEqual(tokenizer.encode('abb', plain), [2, 1]);
  await assert.rejects(openTokenizer({ kind: 'gguf', file: 'm.gguf' }, [], read), {
    code: 'TOKENIZER_INVALID',
  });
});

test('a folder opens from its files, and not without tokenizer.json', async () => {
  const folder = new URL('../../../vectors/hf/tiny-tied/', import.meta.url);
  const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json'];
  const ranges = await Promise.all(
    files.map(async (file) => ({ file, offset: 0, length: (await readFile(new URL(file, folder))).length })),
  );
  const read = (file: string) => readFile(new URL(file, folder));
  const source = { kind: 'tokenizer.json', file: 'tokenizer.json' } as const;
  const tokenizer = await openTokenizer(source, ranges, read);
  assert.equal(tokenizer.decode(tokenizer.encode('Fuchs, 12', plain)), 'Fuchs, 12');
  assert.equal(tokenizer.bos, 1);
  await assert.rejects(openTokenizer(source, ranges.slice(0, 1), read), { code: 'TOKENIZER_INVALID' });
});
