import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stage } from '../../../src/execution/engine/index.ts';
import { feed, loadSampleBlocks, mixedSample, noise } from '../../support/samples.ts';

const model = mixedSample();
const { hidden } = model.architecture;
const ROWS = 37;
const input = noise(ROWS, hidden);
let stage: Stage;
let whole: Float32Array;

before(async () => {
  stage = await loadSampleBlocks(model, 0, 4);
  whole = await feed(stage, input);
});
after(() => stage.stop());

test('two stages give the bits of one', async () => {
  for (const cut of [1, 3]) {
    const head = await loadSampleBlocks(model, 0, cut);
    const tail = await loadSampleBlocks(model, cut, 4);
    const output = await feed(tail, await feed(head, input));
    await Promise.all([head.stop(), tail.stop()]);
    assert.deepEqual(output, whole);
  }
});

test('a range of blocks gives the bits of a stage of those blocks', async () => {
  const rows = Array.from({ length: ROWS }, (_, position) => ({ slot: 0, position }));
  const middle = await stage.forward(rows, input, { first: 0, end: 2 });
  assert.deepEqual(await stage.forward(rows, middle, { first: 2, end: 4 }), whole);
});

test('chunks of any size give the bits of the whole prompt', async () => {
  for (const chunk of [1, 2, 3, 7, 16, 17, 32]) assert.deepEqual(await feed(stage, input, { chunk }), whole);
});

test('threads and builds give equal bits', async () => {
  for (const build of ['relaxed', 'plain'] as const) {
    for (const threads of [1, 2, 3]) {
      const other = await loadSampleBlocks(model, 0, 4, { build, threads });
      const output = [await feed(other, input), await feed(other, input, { chunk: 1 })];
      await other.stop();
      assert.deepEqual(output, [whole, whole], `${build}, ${threads} threads`);
    }
  }
});

test('threads that come late change no bit', async () => {
  const other = await loadSampleBlocks(model, 0, 4, { threads: 3 });
  for (let time = 0; time < 20; time++) assert.deepEqual(await feed(other, input, { chunk: 1 }), whole);
  await other.stop();
});

test('a row in a batch of sessions gives the bits of the row alone', async () => {
  const slots = [0, 1, 2, 3];
  const lengths = [20, 3, 11, 8];
  const alone: Float32Array[] = [];
  for (const slot of slots) {
    const prompt = noise(lengths[slot]! + 1, hidden, slot);
    alone.push((await feed(stage, prompt, { slot })).slice(-hidden));
  }
  const rows = slots.map((slot) => ({ slot, position: lengths[slot]! }));
  const last = slots.flatMap((slot) => [...noise(lengths[slot]! + 1, hidden, slot).slice(-hidden)]);
  const batch = await stage.forward(rows, Float32Array.from(last));
  for (const slot of slots) assert.deepEqual(batch.slice(slot * hidden, (slot + 1) * hidden), alone[slot]);
});

test('rollback is free: what a cache held at a position and after does not matter', async () => {
  await feed(stage, noise(30, hidden, 5), { slot: 1 });
  const first = await feed(stage, input.slice(0, 10 * hidden), { slot: 1 });
  await feed(stage, noise(25, hidden, 6), { slot: 1, from: 10 });
  const rest = await feed(stage, input.slice(10 * hidden), { slot: 1, from: 10 });
  assert.deepEqual(Float32Array.from([...first, ...rest]), whole);
});

test('golden hashes are the same for any cut and disturb no session', async () => {
  const hashes = await stage.goldenHashes();
  const tail = await loadSampleBlocks(model, 2, 4);
  assert.deepEqual(await tail.goldenHashes(), hashes.slice(2));
  await tail.stop();
  await feed(stage, input.slice(0, 36 * hidden));
  await stage.goldenHashes();
  assert.deepEqual(await feed(stage, input.slice(36 * hidden), { from: 36 }), whole.slice(36 * hidden));
});

test('calls at the same time are answered in order', async () => {
  const at = (position: number) => [{ slot: 2, position }];
  const row = (i: number) => input.slice(i * hidden, (i + 1) * hidden);
  const outputs = await Promise.all([0, 1, 2, 3].map((i) => stage.forward(at(i), row(i))));
  assert.deepEqual(Float32Array.from(outputs.flatMap((o) => [...o])), whole.slice(0, 4 * hidden));
});
