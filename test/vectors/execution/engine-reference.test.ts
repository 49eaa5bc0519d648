import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Boundary, Stage } from '../../../src/execution/engine/index.ts';
import { sampleBytes, sampleModel } from '../../../src/execution/engine/sample-model.ts';
import type { TensorType } from '../../../src/formats/index.ts';
import { ReferenceBlock, referenceLogits } from '../../support/arithmetic-reference.ts';

const TYPES: TensorType[] = ['Q4_1', 'Q4_0', 'Q8_0', 'F32', 'F16', 'BF16'];
const cases = [
  { name: 'heads of 32, three to a KV head, one type', shape: { heads: 6, kvHeads: 2 }, types: ['Q4_1'] },
  {
    name: 'heads of 64, each with its own KV',
    shape: { heads: 2, kvHeads: 2, headDim: 64 },
    types: ['Q8_0'],
  },
  { name: 'heads of 96, all types mixed', shape: { heads: 2, kvHeads: 1, headDim: 96 }, types: TYPES },
  {
    name: 'heads of 128, odd sizes',
    shape: { hidden: 96, ffn: 160, headDim: 128, heads: 5, kvHeads: 1 },
    types: TYPES,
  },
  {
    name: 'llama3 scaling, untied head',
    shape: {
      heads: 4,
      kvHeads: 4,
      tiedHead: false,
      vocab: 37,
      ropeTheta: 500000,
      ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 32 },
    },
    types: ['Q4_0', 'F16'],
  },
] satisfies { name: string; shape: Parameters<typeof sampleModel>[0]; types: TensorType[] }[];

const noise = (n: number) => Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 2003) / 500 - 2);

for (const { name, shape, types } of cases) {
  test(`kernels and the reference give equal bits: ${name}`, async () => {
    let turn = 0;
    const model = sampleModel(shape, () => types[turn++ % types.length]!);
    const { architecture: a, blocks, boundary: tensors, read } = model;
    const rows = 19;
    const input = noise(rows * a.hidden);
    let expected = input;
    for (const block of blocks) {
      const reference = new ReferenceBlock(a, block, sampleBytes);
      const outputs = Array.from({ length: rows }, (_, i) =>
        reference.forward(expected.slice(i * a.hidden, (i + 1) * a.hidden)),
      );
      expected = Float32Array.from(outputs.flatMap((output) => [...output]));
    }
    const stage = await Stage.load({
      architecture: a,
      first: 0,
      end: 2,
      blocks,
      read,
      slots: 1,
      context: 40,
    });
    const boundary = await Boundary.load({ architecture: a, tensors, read });
    try {
      const at = Array.from({ length: rows }, (_, position) => ({ slot: 0, position }));
      const output = await stage.forward(at, input);
      assert.deepEqual(output, expected);
      const last = output.slice(-a.hidden);
      assert.deepEqual(await boundary.logits(last), referenceLogits(a, tensors, sampleBytes, last));
    } finally {
      await stage.stop();
      await boundary.stop();
    }
  });
}
