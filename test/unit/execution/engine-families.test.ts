import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Boundary, Stage } from '../../../src/execution/engine/index.ts';
import { sampleModel } from '../../../src/execution/engine/sample-model.ts';
import { arrangeBlocks } from '../../../src/execution/families/index.ts';
import type { TensorInfo } from '../../../src/formats/index.ts';
import { feed, noise } from '../../support/samples.ts';

const HF: Record<string, string> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const { architecture, blocks, boundary, read } = sampleModel({ headDim: 64 }, () => 'F16');
const all = [...blocks.flat(), ...boundary];
const hfName = (name: string) =>
  name.replace(/^blk\.(\d+)\.(\w+)\./, (_, block, role) => `model.layers.${block}.${HF[role]}.`);

test('tensors are arranged by block whatever their order', () => {
  assert.deepEqual(arrangeBlocks(architecture, all.toReversed()), { blocks, boundary });
});

test('missing, extra, doubled and misshapen tensors are refused by name', () => {
  const refused = (tensors: TensorInfo[], message: RegExp) =>
    assert.throws(() => arrangeBlocks(architecture, tensors), { code: 'TENSORS_INVALID', message });
  const [first, ...rest] = all as [TensorInfo, ...TensorInfo[]];
  refused(rest, /0\.attnNorm/);
  refused([...all, { ...first, name: 'blk.0.attn_q.bias' }], /attn_q\.bias/);
  refused([...all, { ...first, name: 'blk.2.attn_norm.weight' }], /blk\.2/);
  refused([...all, { ...first, name: 'model.layers.0.input_layernorm.weight' }], /same weights/);
  refused([{ ...first, shape: [64] }, ...rest], /shape \[64\]/);
  arrangeBlocks(architecture, [...all, { ...first, name: 'rope_freqs.weight', shape: [32] }]);
});

test('the order of rows that Hugging Face gives to queries and keys leads to the same bits', async () => {
  const { headDim } = architecture;
  const split = async (tensor: TensorInfo) => {
    const bytes = await read({ ...tensor, name: ggufOf.get(tensor.name)! });
    if (!/[qk]_proj/.test(tensor.name)) return bytes;
    const rowBytes = tensor.bytes / tensor.shape[0]!;
    const stored = new Uint8Array(bytes.length);
    for (let row = 0; row < tensor.shape[0]!; row++) {
      const inHead = row % headDim;
      const to = row - inHead + (inHead % 2) * (headDim / 2) + (inHead >> 1);
      stored.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes);
    }
    return stored;
  };
  const ggufOf = new Map(all.map(({ name }) => [hfName(name), name]));
  const renamed = blocks.map((block) => block.map((tensor) => ({ ...tensor, name: hfName(tensor.name) })));
  const options = { architecture, first: 0, end: 2, slots: 1, context: 32 };
  const gguf = await Stage.load({ ...options, blocks, read });
  const hf = await Stage.load({ ...options, blocks: renamed, read: split });
  const input = noise(9, architecture.hidden);
  const outputs = [await feed(gguf, input), await feed(hf, input)];
  await Promise.all([gguf.stop(), hf.stop()]);
  assert.deepEqual(outputs[0], outputs[1]);
});

test('a boundary without one of its tensors is refused', async () => {
  await assert.rejects(Boundary.load({ architecture, tensors: boundary.slice(1), read }), {
    code: 'TENSORS_INVALID',
  });
});
