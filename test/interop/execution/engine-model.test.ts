import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toHex } from '#base';
import { Boundary, type Stage } from '#execution';
import { type LoadedModel, loadBlocks, openModel } from '../../support/load-model.ts';
import { defaultModelPath } from '../../support/model.ts';
import { feed } from '../../support/samples.ts';

/** Golden hashes of the default model's first and last block: they are in its manifests. */
const GOLDEN = {
  first: '1bd9c5988d26e2ff',
  last: 'dc19d6b6199ce10c',
};
const TOKENS = [
  1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712,
];

let model: LoadedModel;
let boundary: Boundary;
let whole: Stage;
let input: Float32Array;
let expected: Float32Array;

before(async () => {
  model = await openModel(await defaultModelPath());
  const { architecture } = model.description;
  boundary = await Boundary.load({ architecture, tensors: model.boundary, read: model.read });
  whole = await loadBlocks(model, 0, 30, { slots: 4 });
  input = boundary.embed(TOKENS);
  expected = await feed(whole, input);
});
after(async () => {
  await Promise.all([whole?.stop(), boundary?.stop()]);
  await model?.close();
});

test('golden hashes of the default model are the pinned ones', async () => {
  const hashes = (await whole.goldenHashes()).map(toHex);
  assert.equal(hashes[0]!.slice(0, 16), GOLDEN.first);
  assert.equal(hashes[29]!.slice(0, 16), GOLDEN.last);
});

test('three stages of the default model give the bits of the whole, in chunks too', async () => {
  let hidden = input;
  for (const [first, end, chunk] of [
    [0, 10, 1],
    [10, 20, 7],
    [20, 30, 32],
  ] as const) {
    const stage = await loadBlocks(model, first, end);
    hidden = await feed(stage, hidden, { chunk });
    await stage.stop();
  }
  assert.deepEqual(hidden, expected);
});

test('two threads and the plain build give the bits of one thread of the relaxed one', async () => {
  for (const options of [{ threads: 2 }, { build: 'plain' as const }]) {
    const stage = await loadBlocks(model, 0, 30, options);
    const output = await feed(stage, input);
    await stage.stop();
    assert.deepEqual(output, expected, JSON.stringify(options));
  }
});

test('four sessions in one batch give the bits of each alone', async () => {
  const { hidden } = whole;
  for (const slot of [1, 2, 3]) await feed(whole, boundary.embed(TOKENS.slice(0, 4 * slot)), { slot });
  const next = (slot: number) => (slot === 0 ? TOKENS.length - 1 : 4 * slot);
  const rows = [0, 1, 2, 3].map((slot) => ({ slot, position: next(slot) }));
  const batch = await whole.forward(rows, boundary.embed(rows.map(({ position }) => TOKENS[position]!)));
  for (const [i, { position }] of rows.entries()) {
    assert.deepEqual(
      batch.slice(i * hidden, (i + 1) * hidden),
      expected.slice(position * hidden, (position + 1) * hidden),
    );
  }
});
