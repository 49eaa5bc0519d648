import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { utf8 } from '#base';
import { describeModel } from '#execution';
import type { ModelFile, RandomAccess } from '#formats';
import { ggufFile, inMemory, layOut, tinyLlama } from '../../support/gguf-file.ts';

const FIXTURES = new URL('../../vectors/hf/', import.meta.url);

/** The files of a fixture folder, some replaced by other texts or left out (null). */
async function folder(name: string, changes: Record<string, string | null> = {}): Promise<ModelFile[]> {
  const files = new Map<string, RandomAccess>();
  for (const path of await readdir(new URL(`${name}/`, FIXTURES))) {
    files.set(path, inMemory(await readFile(new URL(`${name}/${path}`, FIXTURES))));
  }
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path);
    else files.set(path, inMemory(utf8(text)));
  }
  return [...files].map(([path, source]) => ({ path, source }));
}

test('a folder: architecture, tensors, tokenizer and the files that a client needs', async () => {
  const model = await describeModel(await folder('tiny-tied'));
  assert.deepEqual(model.architecture, {
    family: 'llama',
    layers: 3,
    hidden: 64,
    heads: 2,
    kvHeads: 1,
    headDim: 32,
    ffn: 128,
    vocab: 320,
    context: 256,
    ropeTheta: 10000,
    normEps: 1e-6,
    tiedHead: true,
  });
  assert.equal(model.tensors.length, 2 + 3 * 9);
  assert.ok(model.tensors.every((tensor) => tensor.type === 'BF16' && tensor.file === 'model.safetensors'));
  assert.deepEqual(model.tokenizer, { kind: 'tokenizer.json', file: 'tokenizer.json' });
  assert.equal(model.chatTemplate, null);
  assert.deepEqual(model.headerRanges.map(({ file }) => file).sort(), [
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  assert.ok(model.headerRanges.every(({ offset, length }) => offset === 0 && length > 0));
});

test('numbers as Python writes them, Infinity and NaN, are no fault of a configuration; as a size they are', async () => {
  const config = await readFile(new URL('tiny-tied/config.json', FIXTURES), 'utf8');
  const odd = config.replace('{', '{"time_step_limit": [0.0, Infinity], "low": -Infinity, "loss": NaN,');
  assert.deepEqual(
    (await describeModel(await folder('tiny-tied', { 'config.json': odd }))).architecture,
    (await describeModel(await folder('tiny-tied'))).architecture,
  );
  const endless = config.replace(/"hidden_size": \d+/, '"hidden_size": Infinity');
  await assert.rejects(describeModel(await folder('tiny-tied', { 'config.json': endless })), {
    code: 'SCHEMA_INVALID',
  });
});

test('RoPE scaling of Llama 3.1 is read', async () => {
  const { architecture } = await describeModel(await folder('tiny-llama3-rope'));
  const scaling = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 64 };
  assert.deepEqual(architecture.ropeScaling, scaling);
  assert.equal(architecture.ropeTheta, 5000);
});

test('shards: all tensors are found, each in its file', async () => {
  const { tensors, architecture } = await describeModel(await folder('tiny-sharded'));
  assert.equal(tensors.length, 3 + 2 * 9);
  assert.equal(new Set(tensors.map((tensor) => tensor.file)).size, 2);
  assert.equal(architecture.headDim, 32);
});

test('shards that do not match the index are refused', async () => {
  const index = 'model.safetensors.index.json';
  const text = await readFile(new URL(`tiny-sharded/${index}`, FIXTURES), 'utf8');
  const shard = 'model-00002-of-00002.safetensors';
  const refused = async (changes: Record<string, string | null>, message: RegExp) =>
    assert.rejects(describeModel(await folder('tiny-sharded', changes)), message);
  await refused({ [shard]: null }, /missing/);
  await refused({ [index]: text.replace('"lm_head.weight"', '"other.weight"') }, /lm_head.weight|lacks/);
  await refused({ [index]: text.replaceAll(shard, `../${shard}`) }, /names the shard/);
  await refused(
    { [index]: text.replace(/"weight_map": \{/, '$&"extra.weight": "model-00001-of-00002.safetensors",') },
    /lacks/,
  );
  await refused({ [index]: '{"weight_map": {}}' }, /no shards/);
});

test('files that make no model say what is missing', async () => {
  await assert.rejects(describeModel([]), { code: 'MODEL_NOT_FOUND' });
  await assert.rejects(describeModel(await folder('tiny-tied', { 'config.json': null })), {
    code: 'MODEL_NOT_FOUND',
  });
  await assert.rejects(
    describeModel(await folder('tiny-tied', { 'tokenizer.json': null })),
    /tokenizer\.json/,
  );
  const gguf = { source: inMemory(ggufFile(tinyLlama())) };
  await assert.rejects(
    describeModel([
      { path: 'a.gguf', ...gguf },
      { path: 'b.gguf', ...gguf },
    ]),
    /a\.gguf, b\.gguf/,
  );
});

test('a chat template comes from its own file, or from tokenizer_config.json in either form', async () => {
  const template = async (changes: Record<string, string>) =>
    (await describeModel(await folder('tiny-tied', changes))).chatTemplate;
  const one = '{"chat_template": "one"}';
  const many =
    '{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}';
  assert.equal(await template({ 'tokenizer_config.json': one }), 'one');
  assert.equal(await template({ 'tokenizer_config.json': many }), 'd');
  assert.equal(await template({ 'tokenizer_config.json': one, 'chat_template.jinja': 'file' }), 'file');
  await assert.rejects(template({ 'chat_template.jinja': 'x'.repeat(70_000) }), /longer than/);
});

test("the licence is the model card's", async () => {
  const card = '---\ntags: [a]\nlicense: apache-2.0\n---\n# Model\nlicense: none\n';
  assert.equal((await describeModel(await folder('tiny-tied', { 'README.md': card }))).licence, 'apache-2.0');
  assert.equal(
    (await describeModel(await folder('tiny-tied', { 'README.md': '# No card' }))).licence,
    undefined,
  );
});

test('a GGUF: name, licence and the range of its header', async () => {
  const source = inMemory(ggufFile(tinyLlama()));
  const model = await describeModel([{ path: 'tiny.gguf', source }]);
  const [range] = model.headerRanges;
  assert.equal(model.name, 'Tiny');
  assert.equal(model.licence, 'apache-2.0');
  assert.deepEqual(model.tokenizer, { kind: 'gguf', file: 'tiny.gguf' });
  assert.deepEqual(range, { file: 'tiny.gguf', offset: 0, length: model.tensors[0]!.offset });
});

test('rope_freqs.weight of a GGUF becomes the scaling that it came from, or is refused', async () => {
  const llama3 = {
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const factors = Array.from({ length: 16 }, (_, i) => {
    const wavelength = 2 * Math.PI * 10000 ** (i / 16);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192) return llama3.factor;
    const smooth = (8192 / wavelength - 1) / 3;
    return 1 / ((1 - smooth) / llama3.factor + smooth);
  });
  const describe = (values: number[]) => {
    const spec = tinyLlama();
    const tensor = { name: 'rope_freqs.weight', type: 0, dims: [values.length], bytes: values.length * 4 };
    spec.tensors = layOut([...spec.tensors, tensor]);
    const bytes = ggufFile(spec);
    bytes.set(new Uint8Array(Float32Array.from(values).buffer), bytes.length - tensor.bytes);
    return describeModel([{ path: 'm.gguf', source: inMemory(bytes) }]);
  };
  const scaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
  assert.deepEqual((await describe(factors)).architecture.ropeScaling, scaling);
  assert.equal((await describe(factors.fill(1))).architecture.ropeScaling, undefined);
  await assert.rejects(describe(factors.map((_, i) => 1 + i)), /rope_freqs/);
  await assert.rejects(describe([1, 2, 3]), /rope_freqs/);
});
