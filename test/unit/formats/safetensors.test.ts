import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '#base';
import { parseSafetensors } from '#formats';
import { inMemory, uint64 } from '../../support/gguf-file.ts';
import { type Entry, safetensorsFile } from '../../support/safetensors-file.ts';

const parse = (bytes: Uint8Array) => parseSafetensors(inMemory(bytes), 'model.safetensors');
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): Entry => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});
const refuses = (header: string | Record<string, unknown>, data: number, code: string, message: RegExp) =>
  assert.rejects(parse(safetensorsFile(header, data)), (error: Error & { code: string }) => {
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  });

test('tensors lie where the header says', async () => {
  const header = {
    __metadata__: { format: 'pt' },
    b: { dtype: 'BF16', shape: [2, 3], data_offsets: [16, 28] },
    a: f32(0, 16, [2, 2]),
    c: { dtype: 'F16', shape: [1], data_offsets: [28, 30] },
  };
  const start = 8 + JSON.stringify(header).length;
  const file = 'model.safetensors';
  assert.deepEqual(await parse(safetensorsFile(header, 30)), [
    { name: 'b', type: 'BF16', shape: [2, 3], file, offset: start + 16, bytes: 12 },
    { name: 'a', type: 'F32', shape: [2, 2], file, offset: start, bytes: 16 },
    { name: 'c', type: 'F16', shape: [1], file, offset: start + 28, bytes: 2 },
  ]);
});

test('a header padded with spaces is fine, anything else around it is not', async () => {
  assert.equal((await parse(safetensorsFile(`${JSON.stringify({ a: f32(0, 4) })}   `, 4))).length, 1);
  await refuses(` ${JSON.stringify({ a: f32(0, 4) })}`, 4, 'FORMAT_INVALID', /begin with/);
  await refuses(`${JSON.stringify({ a: f32(0, 4) })}x`, 4, 'FORMAT_INVALID', /after the end/);
  await refuses('[]', 0, 'FORMAT_INVALID', /begin with/);
});

test('the header length is bounded by file and limit', async () => {
  for (const length of [2n ** 63n, 2n ** 40n, 100n]) {
    await assert.rejects(parse(concat([uint64(length), new Uint8Array(50)])), { code: 'FORMAT_INVALID' });
  }
  await assert.rejects(parse(new Uint8Array(7)), { code: 'FORMAT_INVALID' });
  await assert.rejects(parse(new Uint8Array(8)), { code: 'FORMAT_INVALID' });
});

test('tensors must tile the data exactly', async () => {
  await refuses({ a: f32(0, 8), b: f32(4, 12) }, 12, 'FORMAT_INVALID', /begins at/);
  await refuses({ a: f32(0, 4), b: f32(8, 12) }, 12, 'FORMAT_INVALID', /begins at/);
  await refuses({ a: f32(4, 8) }, 8, 'FORMAT_INVALID', /begins at/);
  await refuses({ a: f32(0, 4) }, 5, 'FORMAT_INVALID', /tensors end/);
  await refuses({ a: f32(0, 8) }, 4, 'FORMAT_INVALID', /tensors end/);
  await refuses({ a: f32(0, 8, [3]) }, 8, 'FORMAT_INVALID', /needs 12/);
  await refuses({ a: { ...f32(0, 4), data_offsets: [4, 0] } }, 4, 'FORMAT_INVALID', /has -4 bytes/);
});

test('duplicate tensors and unknown fields are refused', async () => {
  const a = JSON.stringify(f32(0, 4));
  await refuses(`{"a":${a},"a":${a}}`, 4, 'FORMAT_INVALID', /duplicate key/);
  await refuses({ a: { ...f32(0, 4), extra: 1 } }, 4, 'SCHEMA_INVALID', /tensor a/);
  await refuses({ __metadata__: { deep: 1 } }, 0, 'SCHEMA_INVALID', /__metadata__/);
  await refuses({ a: { ...f32(0, 4), shape: [-1] } }, 4, 'SCHEMA_INVALID', /shape/);
  await refuses({ a: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, 4, 'SCHEMA_INVALID', /data_offsets/);
});

test('other element types are named', async () => {
  for (const [dtype, bytes] of [
    ['F64', 8],
    ['I64', 8],
    ['F8_E4M3', 1],
    ['Q8_0', 4],
  ] as const) {
    await refuses(
      { w: { dtype, shape: [1], data_offsets: [0, bytes] } },
      bytes,
      'FORMAT_UNSUPPORTED',
      new RegExp(`tensor w .* ${dtype}`),
    );
  }
});
