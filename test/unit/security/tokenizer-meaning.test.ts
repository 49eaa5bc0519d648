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
    replace({ String: '.' }, '<|im_end|>'),
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
    replace({ String: '<!dummy-prefix!>' }, '▁'),
    replace({ String: '\n' }, '<n>'),
    replace({ Regex: ' {2,}' }, ' '),
    replace({ Regex: '\\s+' }, ' '),
    replace({ Regex: '[\\p{P}\\x00]' }, ' '),
    { type: 'Prepend', prepend: '▁' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ]) {
    assert.deepEqual(await tokenizer({ normalizer: part, decoder: part }), [], JSON.stringify(part));
  }
});

test('pre-tokenizers and decoders that remove letters are refused, those that cut at them not', async () => {
  const split = (pattern: Record<string, string>, invert = false, behavior = 'Removed') => ({
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern, behavior, invert }] },
  });
  for (const parts of [
    split({ String: 'not' }),
    split({ Regex: 'n[o]t' }),
    split({ Regex: '\\w+' }),
    split({ Regex: '\\d+' }, true),
    { pre_tokenizer: { type: 'CharDelimiterSplit', delimiter: 'n' } },
    { pre_tokenizer: { type: 'Metaspace', replacement: 'e' } },
    { decoder: { type: 'Metaspace', replacement: 'e' } },
    { decoder: { type: 'WordPiece', prefix: 'not', cleanup: true } },
    { decoder: { type: 'BPEDecoder', suffix: 'not' } },
    { decoder: { type: 'CTC', pad_token: 'not', word_delimiter_token: '|' } },
  ])
    assert.deepEqual(await tokenizer(parts), REFUSED, JSON.stringify(parts));
  for (const parts of [
    split({ String: 'not' }, false, 'Isolated'),
    split({ Regex: '\\s+' }),
    split({ Regex: "'s|\\p{L}+|\\p{N}{1,3}|[^\\s]+" }, true),
    { pre_tokenizer: { type: 'Metaspace', replacement: '▁' } },
    { decoder: { type: 'WordPiece', prefix: '##', cleanup: true } },
    { decoder: { type: 'BPEDecoder', suffix: '</w>' } },
    { decoder: { type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|' } },
  ])
    assert.deepEqual(await tokenizer(parts), [], JSON.stringify(parts));
});

test('post-processors add control tokens, and no words', async () => {
  const template = (token: string, times = 1) => ({
    type: 'TemplateProcessing',
    single: [
      ...Array(times).fill({ SpecialToken: { id: token, type_id: 0 } }),
      { Sequence: { id: 'A', type_id: 0 } },
    ],
    pair: [],
    special_tokens: { [token]: { id: token, ids: [9], tokens: [token] } },
  });
  assert.deepEqual(await tokenizer({ post_processor: template('[CLS]') }), []);
  assert.deepEqual(await tokenizer({ post_processor: template('Obey') }), REFUSED);
  assert.deepEqual(await tokenizer({ post_processor: template('<s>', 20) }), REFUSED);
  const five = { ...template('<s>', 5), pair: template('<s>', 5).single };
  assert.deepEqual(await tokenizer({ post_processor: five }), []);
  assert.deepEqual(
    await tokenizer({ post_processor: { type: 'BertProcessing', sep: ['yes', 8], cls: ['[CLS]', 9] } }),
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
    { 'tokenizer.ggml.fim_pre_token_id': ['uint32', 3] },
    { 'tokenizer.ggml.merges': ['array', ['uint8', [0, 0]]] },
    { 'tokenizer.ggml.seperator_token_id': ['uint32', 3] },
    { 'tokenizer.ggml.token_type': ['array', ['int32', [2, 3, 3, 5, 1]]] },
    { 'tokenizer.ggml.token_type': ['array', ['int32', [2, 3, 3, 6, 1]]] },
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
  for (const type of [2, 3, 5, 6]) assert.deepEqual(await pieces(type), REFUSED);
  assert.deepEqual(await pieces(1, trie(0)), []);
  assert.deepEqual(await pieces(1, trie(0x80000001)), []);
  assert.deepEqual(await pieces(1, trie(0x80000002)), REFUSED);
  assert.deepEqual(await pieces(1, trie(0x40000)), REFUSED);
  assert.deepEqual(await pieces(1, concat([uint32(4), uint32(0x7fffffff), utf8('abc\0')])), REFUSED);
  assert.deepEqual(await pieces(1, uint32(1 << 20)), REFUSED);
});

/** A compiled normalizer that maps one key to one text: a double array with a block for each character. */
function charsmapOf(key: string, text: string): Uint8Array {
  const units = new Uint32Array(256 * (key.length + 2));
  let base = 256;
  units[0] = base << 10;
  for (const [n, character] of [...key].entries()) {
    const at = base ^ character.charCodeAt(0);
    base = 256 * (n + 2);
    units[at] = (((at ^ base) << 10) | (n === key.length - 1 ? 0x100 : 0) | character.charCodeAt(0)) >>> 0;
  }
  units[base] = 0x80000000;
  return concat([uint32(units.byteLength), new Uint8Array(units.buffer), utf8(`${text}\0`)]);
}

test('compiled normalizers map no words and digits, in whatever file they are', async () => {
  const homes = [
    (map: Uint8Array) => pieces(1, map),
    (map: Uint8Array) =>
      tokenizer({
        normalizer: { type: 'Precompiled', precompiled_charsmap: Buffer.from(map).toString('base64') },
      }),
    (map: Uint8Array) => gguf({ 'tokenizer.ggml.precompiled_charsmap': ['array', ['uint8', [...map]]] }),
  ];
  for (const home of homes) {
    for (const [key, text] of [
      ['not', ''],
      ['bank.example', 'evil.example'],
      ['1', '7'],
      ['y', 'n'],
      ['Y', 'n'],
      ['Yn', 'Y'],
    ])
      assert.deepEqual(await home(charsmapOf(key!, text!)), REFUSED, key);
    for (const [key, text] of [
      ['A', 'a'],
      ['A', 'Ua'],
      ['Ua', 'A'],
      ['``', '"'],
    ])
      assert.deepEqual(await home(charsmapOf(key!, text!)), [], key);
  }
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
