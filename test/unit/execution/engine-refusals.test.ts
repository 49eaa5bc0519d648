import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Boundary, Stage } from '../../../src/execution/engine/index.ts';
import { sampleModel } from '../../../src/execution/engine/sample-model.ts';
import { loadSampleBlocks, mixedSample, noise } from '../../support/samples.ts';

const model = mixedSample();
const { hidden } = model.architecture;

test('rows that are not there, not in order or not finite are refused, and the stage goes on', async () => {
  const stage = await loadSampleBlocks(model, 0, 1, { slots: 1 });
  const one = noise(1, hidden);
  const refused = (rows: { slot: number; position: number }[], input: Float32Array, expected: object) =>
    assert.rejects(async () => stage.forward(rows, input), expected);
  try {
    await refused([{ slot: 1, position: 0 }], one, RangeError);
    await refused([{ slot: 0, position: 60 }], one, { code: 'CONTEXT_EXCEEDED' });
    await refused([{ slot: 0, position: 0 }], noise(2, hidden), RangeError);
    const twice = [0, 2].map((position) => ({ slot: 0, position }));
    await refused(twice, noise(2, hidden), RangeError);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = one.slice();
      broken[7] = value;
      await refused([{ slot: 0, position: 0 }], broken, { code: 'HIDDEN_NOT_FINITE' });
    }
    // a norm that overflows inside: squares of the largest floats
    const huge = one.map(() => 3e38);
    const row = [{ slot: 0, position: 0 }];
    const run = async () => stage.forward(row, huge);
    await run().catch((error) => assert.equal(error.code, 'HIDDEN_NOT_FINITE'));
    await assert.rejects(async () => stage.forward(row, one, { first: 0, end: 2 }), RangeError);
    assert.equal((await stage.forward(row, one)).length, hidden);
  } finally {
    await stage.stop();
  }
});

test('shapes that the arithmetic does not define are refused with what is wrong', async () => {
  for (const shape of [
    { hidden: 80 },
    { ffn: 100 },
    { headDim: 80 },
    { heads: 5, kvHeads: 2 },
    { headDim: 288 },
  ]) {
    const { architecture, blocks, read } = sampleModel({}, () => 'Q4_1');
    const options = { first: 0, end: 2, blocks, read, slots: 1, context: 32 };
    const odd = { ...architecture, ...shape };
    await assert.rejects(Stage.load({ architecture: odd, ...options }), { code: 'ARCHITECTURE_UNSUPPORTED' });
  }
});

test('an architecture that does not fit the tensors is refused by name', async () => {
  const { architecture, blocks, boundary, read } = sampleModel({}, () => 'Q4_1');
  const options = { first: 0, end: 2, blocks, read, slots: 1, context: 32 };
  for (const shape of [
    { hidden: architecture.hidden + 32 },
    { ffn: 32 },
    { kvHeads: architecture.heads * 2, heads: architecture.heads * 2 },
  ]) {
    const other = { ...architecture, ...shape };
    await assert.rejects(Stage.load({ ...options, architecture: other }), {
      code: 'TENSORS_INVALID',
      message: /blk\.0/,
    });
  }
  const more = { ...architecture, vocab: architecture.vocab + 1 };
  await assert.rejects(Boundary.load({ architecture: more, tensors: boundary, read }), {
    code: 'TENSORS_INVALID',
  });
});

test('weights that are not finite, too large or cut short are refused by name', async () => {
  const { architecture, blocks, read } = sampleModel({}, () => 'Q4_0');
  const options = { architecture, first: 0, end: 2, blocks, slots: 1, context: 32 };
  const spoil = (change: (bytes: Uint8Array) => Uint8Array) =>
    Stage.load({
      ...options,
      read: async (tensor) => {
        const bytes = await read(tensor);
        return tensor.name === 'blk.1.ffn_up.weight' ? change(bytes) : bytes;
      },
    });
  const withScale = (bits: number) => (bytes: Uint8Array) => {
    new DataView(bytes.buffer).setUint16(18 * 5, bits, true);
    return bytes;
  };
  const refusal = { code: 'WEIGHTS_INVALID', message: /blk\.1\.ffn_up/ };
  await assert.rejects(spoil(withScale(0x7c00)), refusal); // infinite
  await assert.rejects(spoil(withScale(0x7e01)), refusal); // not a number
  await assert.rejects(spoil(withScale(0x7000)), refusal); // 8 · scale does not fit f16
  await assert.rejects(
    spoil((bytes) => bytes.subarray(1)),
    refusal,
  );
});

test('loading stops when it is told to', async () => {
  const { architecture, blocks, read } = sampleModel({}, () => 'Q4_1');
  const controller = new AbortController();
  const reading = Stage.load({
    architecture,
    first: 0,
    end: 2,
    blocks,
    slots: 1,
    context: 32,
    signal: controller.signal,
    read: async (tensor) => {
      if (tensor.name === 'blk.1.attn_q.weight') controller.abort();
      return read(tensor);
    },
  });
  await assert.rejects(reading, { name: 'AbortError' });
});

test('stopping rejects what waits and what runs', async () => {
  const stage = await loadSampleBlocks(model, 0, 4);
  const rows = Array.from({ length: 60 }, (_, position) => ({ slot: 0, position }));
  const calls = Array.from({ length: 5 }, () => stage.forward(rows, noise(60, hidden)));
  const settled = Promise.allSettled(calls);
  await stage.stop();
  const last = (await settled).at(-1)!;
  assert.equal(last.status, 'rejected');
  assert.equal(last.reason.code, 'ENGINE_STOPPED');
});

test('a boundary embeds and gives logits; tokens and hidden states out of range are refused', async () => {
  for (const [type, tiedHead] of [
    ['Q8_0', true],
    ['Q4_1', true],
    ['Q4_0', false],
    ['F16', true],
    ['BF16', false],
    ['F32', true],
  ] as const) {
    const { architecture, boundary: tensors, read } = sampleModel({ tiedHead, vocab: 43 }, () => type);
    const boundary = await Boundary.load({ architecture, tensors, read, threads: 2 });
    try {
      const rows = boundary.embed([0, 42, 8]);
      assert.equal(rows.length, 3 * architecture.hidden);
      assert.deepEqual(boundary.embed([42]), rows.slice(architecture.hidden, 2 * architecture.hidden));
      assert.throws(() => boundary.embed([43]), { code: 'TOKEN_INVALID' });
      const many = noise(21, architecture.hidden);
      const logits = await boundary.logits(many);
      for (const i of [0, 7, 20]) {
        const row = many.slice(i * architecture.hidden, (i + 1) * architecture.hidden);
        assert.deepEqual(await boundary.logits(row), logits.slice(i * 43, (i + 1) * 43), `${type} row ${i}`);
      }
      await assert.rejects(boundary.logits(many.map(() => Number.NaN)), { code: 'HIDDEN_NOT_FINITE' });
    } finally {
      await boundary.stop();
    }
  }
});
