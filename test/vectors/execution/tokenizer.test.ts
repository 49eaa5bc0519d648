import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import {
  describeModel,
  loadTokenizer,
  type ModelDescription,
  openTokenizer,
  renderChat,
  type Tokenizer,
} from '#execution';
import { fileAccess, type GgufMetadata, parseGgufMetadata } from '#formats';
import { defaultModelPath } from '../../support/model.ts';
import {
  folderTokenizer,
  sentencePieceTokenizer,
  tokenizerFixtures,
} from '../../support/small-tokenizers.ts';

const fixtures = tokenizerFixtures();
let model: ModelDescription;
let metadata: GgufMetadata;
let tokenizer: Tokenizer;

before(async () => {
  const file = await fileAccess(await defaultModelPath());
  try {
    model = await describeModel([{ path: 'model.gguf', source: file }]);
    const [header] = model.headerRanges;
    metadata = parseGgufMetadata(await file.read(0, header!.length));
    tokenizer = await openTokenizer(model.tokenizer, model.headerRanges, (_, offset, length) => {
      assert.ok(offset + length <= header!.length, 'the tokenizer needs the header alone');
      return file.read(offset, length);
    });
  } finally {
    await file.close();
  }
});

const tokenizerOf = (name: string): Tokenizer => {
  const { folder, metadata: own, pre } = fixtures[name]!;
  if (folder) return folderTokenizer(folder);
  if (own) return sentencePieceTokenizer();
  if (!pre) return tokenizer;
  return loadTokenizer({ kind: 'gguf', metadata: new Map([...metadata, ['tokenizer.ggml.pre', pre]]) });
};

for (const [name, { oracle, special, cases }] of Object.entries(fixtures)) {
  test(`${name}: the ids of ${oracle} for ${cases.length} texts`, () => {
    const tested = tokenizerOf(name);
    for (const [text, ids] of cases)
      assert.deepEqual(tested.encode(text, { special }), ids, JSON.stringify(text));
  });
}

test('default model: its chat template, token by token', () => {
  const text = renderChat(model.chatTemplate, [{ role: 'user', content: 'What is the capital of France?' }], {
    addGenerationPrompt: true,
    bos: tokenizer.textOf(tokenizer.bos!),
    eos: tokenizer.textOf(tokenizer.eos!),
  });
  assert.deepEqual(
    tokenizer.encode(text, { special: true }),
    [
      1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712,
      8182, 2, 198, 1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1, 520, 9531, 198,
    ],
  );
});

test('default model: what its header says', () => {
  assert.equal(tokenizer.vocab, 49152);
  assert.equal(tokenizer.bos, 1);
  assert.equal(tokenizer.eos, 2);
  assert.equal(tokenizer.addsBos, false);
  assert.deepEqual(tokenizer.stopIds, [0, 2]);
  assert.equal(tokenizer.textOf(2), '<|im_end|>');
  assert.equal(model.architecture.vocab, tokenizer.vocab);
});

test('default model: prompts and answers of the greedy fixture', async () => {
  const { answers }: { answers: Answer[] } = JSON.parse(
    await readFile(new URL('../hf/greedy.json', import.meta.url), 'utf8'),
  );
  for (const { system, user, prompt, ids, text } of answers) {
    const messages = [
      ...(system === null ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: user },
    ];
    const options = { addGenerationPrompt: true, bos: '', eos: '' };
    const rendered = renderChat(model.chatTemplate, messages, options);
    assert.deepEqual(tokenizer.encode(rendered, { special: true }), prompt);
    assert.equal(tokenizer.decode(ids), text);
  }
});

interface Answer {
  /** null: the template's own. */
  system: string | null;
  user: string;
  prompt: number[];
  ids: number[];
  text: string;
}
