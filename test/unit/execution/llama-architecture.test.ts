import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, parseGguf } from '#formats';
import { familyNamed } from '../../../src/execution/families/index.ts';
import { llama } from '../../../src/execution/families/llama/index.ts';
import { ggufFile, inMemory, type TypedValue, tinyLlama } from '../../support/gguf-file.ts';

const LLAMA = {
  family: 'llama',
  layers: 1,
  hidden: 64,
  heads: 2,
  kvHeads: 1,
  headDim: 32,
  ffn: 96,
  vocab: 10,
  context: 128,
  ropeTheta: 10000,
  normEps: 0.5,
  tiedHead: true,
};

async function gguf(changes: Record<string, TypedValue | undefined> = {}, tensors = tinyLlama().tensors) {
  const entries = { ...Object.fromEntries(tinyLlama().metadata), ...changes };
  const metadata = Object.entries(entries).filter((entry): entry is [string, TypedValue] => !!entry[1]);
  const source = inMemory(ggufFile({ metadata, tensors }));
  const header = await parseGguf(source, 'm.gguf');
  const family = familyNamed(header.metadata.get('general.architecture'), 'm.gguf');
  return family.fromGguf(header, ({ offset, bytes }) => source.read(offset, bytes));
}

test('GGUF: required and optional keys', async () => {
  assert.deepEqual(await gguf(), LLAMA);
  assert.deepEqual(
    await gguf({
      'llama.rope.freq_base': ['float32', 500000],
      'llama.attention.key_length': ['uint32', 64],
      'llama.attention.value_length': ['uint32', 64],
      'llama.rope.dimension_count': ['uint32', 64],
      'llama.attention.head_count_kv': ['array', ['uint32', [2]]],
      'llama.rope.scaling.type': ['string', 'none'],
    }),
    { ...LLAMA, ropeTheta: 500000, headDim: 64, kvHeads: 2 },
  );
  assert.equal((await gguf({ 'llama.attention.head_count_kv': undefined })).kvHeads, 2);
});

test('GGUF: an output matrix of its own is no tied head', async () => {
  const [embedding, norm] = tinyLlama().tensors;
  const output = { name: 'output.weight', type: 0, dims: [8], offset: 960, bytes: 32 };
  assert.equal((await gguf({}, [embedding!, norm!, output])).tiedHead, false);
});

test('GGUF: what is no plain Llama is refused with its name', async () => {
  const refused = (changes: Record<string, TypedValue | undefined>, message: RegExp) =>
    assert.rejects(gguf(changes), message);
  await refused({ 'general.architecture': ['string', 'qwen2'] }, /"qwen2"/);
  await refused({ 'general.architecture': undefined }, /missing/);
  await refused({ 'llama.expert_count': ['uint32', 8] }, /experts/);
  await refused({ 'llama.rope.scaling.type': ['string', 'yarn'] }, /yarn/);
  await refused({ 'llama.rope.dimension_count': ['uint32', 16] }, /dimension_count/);
  await refused({ 'llama.attention.value_length': ['uint32', 16] }, /value_length/);
  await refused({ 'llama.attention.head_count_kv': ['array', ['uint32', [1, 2]]] }, /between layers/);
  await refused({ 'llama.logit_scale': ['float32', 2] }, /logit_scale/);
  await refused({ 'llama.block_count': ['string', 'one'] }, /block_count/);
  await refused({ 'llama.attention.head_count': ['uint32', 0] }, /./);
  await refused({ 'llama.attention.head_count': ['uint32', 3] }, /./);
});

const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  num_hidden_layers: 1,
  hidden_size: 64,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  intermediate_size: 96,
  vocab_size: 10,
  max_position_embeddings: 128,
  rms_norm_eps: 0.5,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};
const hf = (changes: Record<string, Json>) => llama.fromConfig({ ...CONFIG, ...changes }, 'config.json');
const LLAMA3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const SCALING = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };

test('config.json: defaults, and both spellings of RoPE', () => {
  assert.deepEqual(hf({}), LLAMA);
  assert.deepEqual(hf({ rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...LLAMA3 } }), {
    ...LLAMA,
    ropeTheta: 5e5,
    ropeScaling: SCALING,
  });
  assert.deepEqual(hf({ rope_parameters: { rope_type: 'llama3', rope_theta: 5e5, ...LLAMA3 } }), {
    ...LLAMA,
    ropeTheta: 5e5,
    ropeScaling: SCALING,
  });
  assert.deepEqual(hf({ rope_parameters: { rope_type: 'default', rope_theta: 7 } }), {
    ...LLAMA,
    ropeTheta: 7,
  });
  assert.equal(hf({ head_dim: 64 }).headDim, 64);
  assert.equal(hf({ tie_word_embeddings: null }).tiedHead, false);
  assert.equal(hf({ num_key_value_heads: null }).kvHeads, 2);
});

test('config.json: what is no plain Llama is refused with its name', () => {
  const refused = (changes: Record<string, Json>, message: RegExp) =>
    assert.throws(() => hf(changes), message);
  refused({ model_type: 'mistral', architectures: ['MistralForCausalLM'] }, /MistralForCausalLM/);
  refused({ architectures: ['LlamaForSequenceClassification'] }, /LlamaForSequenceClassification/);
  refused({ attention_bias: true }, /attention_bias/);
  refused({ mlp_bias: true }, /mlp_bias/);
  refused({ hidden_act: 'gelu' }, /gelu/);
  refused({ rope_scaling: { type: 'linear', factor: 2 } }, /linear/);
  refused({ rope_scaling: { rope_type: 'llama3', factor: 8 } }, /ropeScaling/);
  refused({ rope_parameters: { rope_type: 'yarn', factor: 8 } }, /yarn/);
  refused({ partial_rotary_factor: 0.5 }, /partial_rotary/);
  refused({ quantization_config: { quant_method: 'gptq' } }, /quantization/);
  refused({ hidden_size: -64 }, /hidden/);
  refused({ num_hidden_layers: '1' }, /num_hidden_layers/);
  assert.throws(() => llama.fromConfig([], 'config.json'), { code: 'SCHEMA_INVALID' });
});
