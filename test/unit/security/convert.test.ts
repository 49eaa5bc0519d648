import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer, parseSafetensors } from '#formats';
import { builtInRuleset, convertCheckpoint, scan } from '#security';
import { type CheckpointSpec, checkpointFile } from '../../support/attacks/checkpoints.ts';

const ruleset = await builtInRuleset();
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const spec = (more: Partial<CheckpointSpec>): CheckpointSpec => ({
  name: 'w',
  storage: 'FloatStorage',
  key: 0,
  offset: 0,
  shape: [2, 3],
  strides: [3, 1],
  ...more,
});

async function convert(
  checkpoint: Uint8Array,
): Promise<Record<string, { shape: number[]; values: number[] }>> {
  const parts: Uint8Array[] = [];
  await convertCheckpoint(inBuffer(checkpoint), ruleset, async (bytes) => parts.push(Uint8Array.from(bytes)));
  const file = concat(parts);
  const source = inBuffer(file);
  assert.equal((await scan([{ path: 'x.safetensors', source }], ruleset)).verdict, 'clean');
  const tensors = await parseSafetensors(source, 'x.safetensors');
  return Object.fromEntries(
    tensors.map(({ name, shape, offset, bytes }) => {
      const values = [...new Float32Array(file.slice(offset, offset + bytes).buffer)];
      return [name, { shape, values }];
    }),
  );
}

test('tensors keep their names, shapes and values', async () => {
  const checkpoint = checkpointFile(
    [spec({}), spec({ name: 'b', key: 1, shape: [2], strides: [1], offset: 1 })],
    [floats(1, 2, 3, 4, 5, 6), floats(7, 8, 9)],
  );
  assert.deepEqual(await convert(checkpoint), {
    w: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
    b: { shape: [2], values: [8, 9] },
  });
});

test('a transposed view is written row by row', async () => {
  const checkpoint = checkpointFile([spec({ shape: [3, 2], strides: [1, 3] })], [floats(1, 2, 3, 4, 5, 6)]);
  assert.deepEqual((await convert(checkpoint)).w, { shape: [3, 2], values: [1, 4, 2, 5, 3, 6] });
});

test('the weights are found under the keys of training frameworks', async () => {
  const checkpoint = checkpointFile([spec({})], [floats(1, 2, 3, 4, 5, 6)], { under: 'state_dict' });
  assert.deepEqual(Object.keys(await convert(checkpoint)), ['w']);
});

const refuses = (name: string, checkpoint: Uint8Array, message: RegExp) =>
  test(`refused: ${name}`, () => assert.rejects(convert(checkpoint), { code: 'CONVERT_REFUSED', message }));

const storage = floats(1, 2, 3, 4, 5, 6);
refuses(
  'a call that is not on the list',
  checkpointFile([spec({})], [storage], { more: utf8("cos\nsystem\n(S'id'\ntR0") }),
  /os\.system/,
);
refuses('a view out of its storage', checkpointFile([spec({ offset: 1 })], [storage]), /past its storage/);
refuses(
  'a view that repeats elements',
  checkpointFile([spec({ shape: [1000, 3], strides: [0, 1] })], [storage]),
  /repeats/,
);
refuses(
  'an element type without a name',
  checkpointFile([spec({ storage: 'QInt8Storage' })], [storage]),
  /type QInt8Storage/,
);

test('other archives and damaged ones are refused', async () => {
  const sound = checkpointFile([spec({})], [storage]);
  const changed = Uint8Array.from(sound);
  changed[40]! ^= 1;
  await assert.rejects(convert(changed), { code: 'CONVERT_REFUSED' });
  await assert.rejects(convert(sound.subarray(0, -5)), { code: 'CONVERT_REFUSED' });
});
