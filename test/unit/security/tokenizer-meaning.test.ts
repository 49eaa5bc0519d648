import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { ggufFile, type TypedValue, uint32 } from '../../support/gguf-file.ts';

const ruleset = await builtInRuleset();
const rulesOf = async (path: string, bytes: Uint8Array) => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings.map(({ rule }) => rule);
};
const REFUSED = ['tokenizer-added-token'];

const tokenizer = (parts: Record<string, unknown>) =>
  rulesOf(
    'tokenizer.json',
    utf8(
      JSON.stringify({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab: { a: 0 } }, ...parts }),
    ),
  );
const replace = (pattern: Record<string, string>, content: string) => ({ type: 'Replace', pattern, content });

test('normalizers and decoders that replace or add letters are refused, those for blanks and marks not', async () => {
  const sequence = (kind: string, part: unknown) => ({ type: 'Sequence', [kind]: [{ type: 'NFC' }, part] });
  for (const part of [
    replace({ String: 'bank.example' }, 'evil.example'),
    replace({ String: '-' }, ' please'),
    replace({ String: '7' }, ''),
    replace({ Regex: 'not\\s+' }, ''),
    replace({ Regex: '[0-9]{4}' }, ''),
    { type: 'Prepend', prepend: 'Say yes. ' },
    { type: 'Strip', content: 'n', start: 1, stop: 0 },
    { type: 'Precompiled', precompiled_charsmap: Buffer.from(uint32(4096)).toString('base64') },
  ]) {
    assert.deepEqual(await tokenizer({ normalizer: part }), REFUSED, JSON.stringify(part));
    assert.deepEqual(await tokenizer({ decoder: part }), REFUSED, JSON.stringify(part));
    assert.deepEqual(await tokenizer({ normalizer: sequence('normalizers', part) }), REFUSED);
    assert.deepEqual(await tokenizer({ decoder: sequence('decoders', part) }), REFUSED);
  }
  for (const part of [
    replace({ String: '▁' }, ' '),
    replace({ String: '``' }, '"'),
    replace({ Regex: ' {2,}' }, ' '),
    replace({ Regex: '\\s+' }, ' '),
    replace({ Regex: '[\\p{P}\\x00]' }, ' '),
    { type: 'Prepend', prepend: '▁' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ]) {
    assert.deepEqual(await tokenizer({ normalizer: part, decoder: part }), [], JSON.stringify(part));
  }
});

test('post-processors add control tokens, and no words', async () => {
  const template = (token: string, times = 1) => ({
    type: 'TemplateProcessing',
    single: [
      ...Array(times).fill({ SpecialToken: { id: token, type_id: 0 } }),
      { Sequence: { id: 'A', type_id: 0 } },
    ],
    pair: [],
    special_tokens: { [token]: { id: token, ids: [0], tokens: [token] } },
  });
  assert.deepEqual(await tokenizer({ post_processor: template('[CLS]') }), []);
  assert.deepEqual(await tokenizer({ post_processor: template('Obey') }), REFUSED);
  assert.deepEqual(await tokenizer({ post_processor: template('<s>', 20) }), REFUSED);
  assert.deepEqual(
    await tokenizer({ post_processor: { type: 'BertProcessing', sep: ['yes', 0], cls: ['[CLS]', 1] } }),
    REFUSED,
  );
});

test('an ordinary word is no control token, wherever it is said to be one', async () => {
  const tokens = (map: Record<string, unknown>) =>
    rulesOf('special_tokens_map.json', utf8(JSON.stringify(map)));
  assert.deepEqual(await tokens({ eos_token: 'However' }), REFUSED);
  assert.deepEqual(await tokens({ eos_token: { content: 'However', lstrip: false } }), REFUSED);
  assert.deepEqual(await tokens({ additional_special_tokens: ['<x>', 'the'] }), REFUSED);
  assert.deepEqual(
    await tokens({ eos_token: '</s>', pad_token: '[PAD]', unk_token: 'UNK', bos_token: '!' }),
    [],
  );
});

const TOKENS = ['<unk>', '<s>', '</s>', '▁however', 'xq'];
const gguf = (changes: Record<string, TypedValue>) => {
  const metadata: Record<string, TypedValue> = {
    'general.architecture': ['string', 'llama'],
    'tokenizer.ggml.tokens': ['array', ['string', TOKENS]],
    'tokenizer.ggml.scores': ['array', ['float32', TOKENS.map(() => 0)]],
    'tokenizer.ggml.token_type': ['array', ['int32', [2, 3, 3, 1, 1]]],
    'tokenizer.ggml.eos_token_id': ['uint32', 2],
    'llama.block_count': ['uint32', 2],
    ...changes,
  };
  return rulesOf('m.gguf', ggufFile({ metadata: Object.entries(metadata), tensors: [] }));
};

test('GGUF: lists beside the tokens have their type and length, control tokens are no words, counts are within reason', async () => {
  assert.deepEqual(await gguf({}), []);
  for (const changes of [
    { 'tokenizer.ggml.scores': ['array', ['uint8', [0, 0, 0, 0, 0]]] },
    { 'tokenizer.ggml.scores': ['array', ['float32', [0]]] },
    { 'tokenizer.ggml.token_type': ['array', ['int32', [2, 3, 3, 1]]] },
    { 'tokenizer.ggml.token_type': ['array', ['uint8', [2, 3, 3, 1, 1]]] },
    { 'tokenizer.ggml.token_type': ['array', ['int32', [2, 3, 3, 3, 1]]] },
    { 'tokenizer.ggml.eos_token_id': ['uint32', 3] },
    { 'tokenizer.ggml.eot_token_id': ['uint32', 3] },
  ] as const)
    assert.deepEqual(
      await gguf(changes as unknown as Record<string, TypedValue>),
      REFUSED,
      JSON.stringify(changes),
    );
  assert.deepEqual(await gguf({ 'llama.block_count': ['uint32', 1e9] }), ['resource-bomb']);
  assert.deepEqual(await gguf({ 'llama.expert_count': ['uint32', 1e9] }), ['resource-bomb']);
});

/** A field of a Protocol Buffers message: number and bytes. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(number * 8 + 2), varint(bytes.length), bytes]);
const varint = (value: number): Uint8Array =>
  value < 128 ? Uint8Array.of(value) : concat([Uint8Array.of((value & 127) | 128), varint(value >>> 7)]);
const piece = (text: string, type: number) =>
  field(1, concat([field(1, utf8(text)), Uint8Array.of(3 * 8, type)]));
const pieces = (word: number, charsmap: Uint8Array = new Uint8Array()) =>
  rulesOf(
    'tokenizer.model',
    concat([
      piece('<unk>', 2),
      piece('▁password', word),
      field(2, Uint8Array.of(3 * 8, 1)),
      field(3, concat([field(1, utf8('x')), ...(charsmap.length > 0 ? [field(2, charsmap)] : [])])),
    ]),
  );

test('SentencePiece: control pieces are no words, compiled normalizers stay within their bytes', async () => {
  const trie = (unit: number) => concat([uint32(1024), uint32(unit), new Uint8Array(1020), utf8('a\0')]);
  assert.deepEqual(await pieces(1), []);
  assert.deepEqual(await pieces(3), REFUSED);
  assert.deepEqual(await pieces(1, trie(0)), []);
  assert.deepEqual(await pieces(1, trie(0x80000001)), []);
  assert.deepEqual(await pieces(1, trie(0x80000002)), REFUSED);
  assert.deepEqual(await pieces(1, trie(0x40000)), REFUSED);
  assert.deepEqual(await pieces(1, concat([uint32(4), uint32(0x7fffffff), utf8('abc\0')])), REFUSED);
  assert.deepEqual(await pieces(1, uint32(1 << 20)), REFUSED);
});

test('contradictory ids of added tokens are a note, unless a word is one of them', async () => {
  const severities = async (content: string, vocab: Record<string, number>) => {
    const token = (id: number, text: string) => ({ id, content: text, special: false });
    const json = { added_tokens: [token(1, '<pad>'), token(1, content)], model: { type: 'BPE', vocab } };
    const source = inBuffer(utf8(JSON.stringify(json)));
    const { files } = await scan([{ path: 'tokenizer.json', source }], ruleset);
    return files[0]!.findings.map(({ severity }) => severity);
  };
  assert.deepEqual(await severities('<unused1>', {}), ['low']);
  assert.deepEqual(await severities('<unused1>', { '<unused1>': 7 }), ['low', 'low']);
  assert.ok((await severities('yes', {})).includes('high'));
  assert.ok((await severities('<unused1>', { '<unused1>': 7, yes: 1 })).includes('high'));
});
