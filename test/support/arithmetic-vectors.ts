import { toHex } from '../../src/base/bytes.ts';
import { Boundary, Stage } from '../../src/execution/engine/index.ts';
import { sha256 } from '../../src/execution/engine/platform.ts';
import { sampleModel } from '../../src/execution/engine/sample-model.ts';
import type { Architecture, TensorType } from '../../src/formats/index.ts';

/** Sample models of the vectors; matrices take the types in turn, in the order of the tensors. */
const CASES: { name: string; types: TensorType[]; shape: Partial<Architecture> }[] = [
  { name: '4-bit, three heads to a KV head', types: ['Q4_1'], shape: { heads: 6, kvHeads: 2 } },
  { name: '4-bit without minima', types: ['Q4_0'], shape: { heads: 4, kvHeads: 1 } },
  { name: '8-bit, heads of 64', types: ['Q8_0'], shape: { heads: 2, kvHeads: 2, headDim: 64 } },
  { name: 'floats, blocked', types: ['F32', 'F16', 'BF16'], shape: { headDim: 96, heads: 2, kvHeads: 1 } },
  {
    name: 'mixed, heads of 128, odd sizes, untied head',
    types: ['Q4_1', 'Q8_0', 'Q4_0', 'F16'],
    shape: { hidden: 96, ffn: 160, headDim: 128, heads: 5, kvHeads: 1, tiedHead: false, vocab: 37 },
  },
  {
    name: 'llama3 scaling',
    types: ['Q8_0', 'Q4_1'],
    shape: {
      ropeTheta: 500000,
      ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 4 },
    },
  },
];

type Options = { build?: 'relaxed' | 'plain'; threads?: number };

/** What arithmetic.md, "Vectors" describes: golden hashes of the blocks, hashes of two embedded rows and logits. */
export async function arithmeticVectors(options: Options = {}) {
  const cases = [];
  for (const { name, types, shape } of CASES) {
    let turn = 0;
    const { architecture, blocks, boundary, read } = sampleModel(shape, () => types[turn++ % types.length]!);
    const range = { first: 0, end: blocks.length };
    const stage = await Stage.load({
      architecture,
      ...range,
      blocks,
      read,
      slots: 1,
      context: 32,
      ...options,
    });
    const client = await Boundary.load({ architecture, tensors: boundary, read, ...options });
    const embedded = client.embed([3, 36]);
    const at = [0, 1].map((position) => ({ slot: 0, position }));
    const output = await stage.forward(at, embedded);
    const logits = await client.logits(output);
    const golden = (await stage.goldenHashes()).map(toHex);
    await Promise.all([stage.stop(), client.stop()]);
    const hash = async (floats: Float32Array) => toHex(await sha256(floats));
    cases.push({
      name,
      types,
      architecture,
      golden,
      embedded: await hash(embedded),
      output: await hash(output),
      logits: await hash(logits),
    });
  }
  return { version: 1, cases };
}
