import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { int, message, pieces, text } from '../../support/attacks/protobuf.ts';

const ruleset = await builtInRuleset();

type Files = Record<string, unknown>;
/** Rule and severity of each finding of a folder's files. */
async function findingsOf(files: Files): Promise<string[]> {
  const opened = Object.entries(files).map(([path, content]) => ({
    path,
    source: inBuffer(content instanceof Uint8Array ? content : utf8(JSON.stringify(content))),
  }));
  const { files: reports } = await scan(opened, ruleset);
  return reports.flatMap(({ path, findings }) =>
    findings.map(({ rule, severity }) => `${path}: ${rule} ${severity}`),
  );
}

const VOCAB = { '<unk>': 0, '<s>': 1, '</s>': 2, Ġhowever: 3, yes: 4, no: 5, '<pad>': 6 };
const tokenizer = (parts: Files = {}): Files => ({
  'tokenizer.json': { added_tokens: [], model: { type: 'BPE', vocab: VOCAB }, ...parts },
});
const WORD = (path: string) => [`${path}: tokenizer-added-token high`];
const NOTE = (path: string) => [`${path}: tokenizer-added-token low`];

test('an ordinary word is no control token, by whatever id a configuration names it', async () => {
  for (const config of [
    { eos_token_id: 3 },
    { pad_token_id: 4 },
    { bos_token_id: 5 },
    { eos_token_id: [2, 3] },
    { text_config: { decoder_start_token_id: 4 } },
    { image_token_index: 3 },
  ]) {
    for (const path of ['config.json', 'generation_config.json'])
      assert.deepEqual(
        await findingsOf({ ...tokenizer(), [path]: config }),
        WORD(path),
        JSON.stringify(config),
      );
  }
  const plain = { eos_token_id: [2], bos_token_id: 1, pad_token_id: 0, unk_token_id: 700 };
  assert.deepEqual(await findingsOf({ ...tokenizer(), 'config.json': plain }), []);
});

test('ids are looked up in whichever vocabulary is in the folder', async () => {
  const config = { 'a/config.json': { eos_token_id: 3 } };
  for (const vocabulary of [
    { 'a/vocab.json': VOCAB },
    { 'a/vocab.txt': utf8('[PAD]\n[CLS]\n[SEP]\nhowever\n') },
    { 'a/tokenizer.model': pieces(['<unk>', '<s>', '</s>', '▁however']) },
  ])
    assert.deepEqual(await findingsOf({ ...config, ...vocabulary }), WORD('a/config.json'));
  assert.deepEqual(await findingsOf({ ...config, 'b/vocab.json': VOCAB }), []);
});

test('ids that post-processors and padding give to control tokens are those of the vocabulary', async () => {
  const template = (id: string, ids: number[]) => ({
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { [id]: { id, ids, tokens: [id] } },
    },
  });
  const around = (sep: unknown) => ({ post_processor: { type: 'RobertaProcessing', sep, cls: ['<s>', 1] } });
  const padding = (pad_id: number, pad_token: string) => ({
    padding: { strategy: 'BatchLongest', pad_id, pad_token },
  });
  for (const parts of [
    template('</s>', [4]),
    around(['</s>', 5]),
    padding(3, '<pad>'),
    padding(6, 'however'),
  ])
    assert.ok(
      (await findingsOf(tokenizer(parts))).includes(WORD('tokenizer.json')[0]!),
      JSON.stringify(parts),
    );
  for (const parts of [template('</s>', [1]), around(['</s>', 1]), padding(2, '<pad>')])
    assert.deepEqual(await findingsOf(tokenizer(parts)), NOTE('tokenizer.json'), JSON.stringify(parts));
  for (const parts of [template('</s>', [2]), around(['</s>', 2]), padding(6, '<pad>'), { padding: null }])
    assert.deepEqual(await findingsOf(tokenizer(parts)), [], JSON.stringify(parts));
});

test('an added token of tokenizer_config.json does not take the id of a word', async () => {
  const decoder = (id: number, content: string) => ({
    'tokenizer_config.json': { added_tokens_decoder: { [id]: { content, special: true } } },
  });
  assert.deepEqual(
    await findingsOf({ ...tokenizer(), ...decoder(4, '<stop>') }),
    WORD('tokenizer_config.json'),
  );
  assert.deepEqual(
    await findingsOf({ ...tokenizer(), ...decoder(1, '<stop>') }),
    NOTE('tokenizer_config.json'),
  );
  assert.deepEqual(await findingsOf({ ...tokenizer(), ...decoder(2, '</s>') }), []);
});

test('one id for two words is refused, for two control tokens it is a note', async () => {
  const vocab = (entries: Files) => ({ model: { type: 'WordLevel', vocab: { ...VOCAB, ...entries } } });
  assert.deepEqual(await findingsOf(tokenizer(vocab({ safe: 5 }))), WORD('tokenizer.json'));
  assert.deepEqual(await findingsOf(tokenizer(vocab({ '<x>': 0 }))), NOTE('tokenizer.json'));
  assert.deepEqual(await findingsOf({ 'vocab.json': { ...VOCAB, safe: 5 } }), WORD('vocab.json'));
  const added = { added_tokens: [{ id: 5, content: '<stop>', special: true }] };
  assert.deepEqual(await findingsOf(tokenizer(added)), WORD('tokenizer.json'));
  for (const id of [-1, 0.5, 2 ** 40])
    assert.deepEqual(await findingsOf(tokenizer(vocab({ far: id }))), ['tokenizer.json: resource-bomb high']);
});

test('unknown text becomes no word', async () => {
  const unknown = (model: Files) => tokenizer({ model: { vocab: VOCAB, ...model } });
  assert.deepEqual(
    await findingsOf(unknown({ type: 'WordLevel', unk_token: 'yes' })),
    WORD('tokenizer.json'),
  );
  assert.deepEqual(await findingsOf(unknown({ type: 'WordLevel', unk_token: '<unk>' })), []);
  const unigram = (unk_id: number) =>
    tokenizer({
      model: {
        type: 'Unigram',
        unk_id,
        vocab: [
          ['<unk>', 0],
          ['▁yes', -1],
        ],
      },
    });
  assert.deepEqual(await findingsOf(unigram(1)), WORD('tokenizer.json'));
  assert.deepEqual(await findingsOf(unigram(0)), []);
});

test('control tokens of configurations are no words, in whatever list they are', async () => {
  const config = (parts: Files) => findingsOf({ 'tokenizer_config.json': parts });
  for (const parts of [
    { extra_special_tokens: { stop_token: 'however' } },
    { model_specific_special_tokens: { stop_token: { content: 'however' } } },
    { additional_special_tokens: [{ content: 'however' }] },
  ])
    assert.deepEqual(await config(parts), WORD('tokenizer_config.json'), JSON.stringify(parts));
  assert.deepEqual(await config({ eos_token: { __type: 'AddedToken', content: '</s>' } }), []);
  assert.deepEqual(
    await findingsOf({ 'generation_config.json': { stop_strings: ['the'] } }),
    WORD('generation_config.json'),
  );
  assert.deepEqual(
    await findingsOf({ 'generation_config.json': { stop_strings: ['<|im_end|>', 'User:'] } }),
    [],
  );
});

test('SentencePiece: what unknown text is shown as is no word', async () => {
  const shownAs = (surface: string) =>
    concat([
      message(1, text(1, '<unk>'), int(3, 2)),
      message(1, text(1, '▁yes')),
      message(2, text(44, surface)),
      message(3, text(1, 'identity')),
    ]);
  assert.deepEqual(await findingsOf({ 'tokenizer.model': shownAs(' yes ') }), WORD('tokenizer.model'));
  assert.deepEqual(await findingsOf({ 'tokenizer.model': shownAs(' ⁇ ') }), []);
});
