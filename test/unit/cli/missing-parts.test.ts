import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer } from '#formats';
import { missingParts } from '../../../src/cli/security/missing-parts.ts';

const file = (path: string, text = '') => ({ path, source: inBuffer(utf8(text)) });
const index = (...shards: string[]) =>
  JSON.stringify({
    metadata: { x: Number(1) },
    weight_map: Object.fromEntries(shards.map((s, n) => [`t${n}`, s])),
  });
const missing = async (...files: ReturnType<typeof file>[]) =>
  (await missingParts(files, (path) => path.startsWith('left-out'))).map((line) => line.split(':')[0]);

test('shards of an index that are not there are told, beside the index only', async () => {
  const shards = ['m-1.safetensors', 'm-2.safetensors'];
  const named = file('a/model.safetensors.index.json', index(...shards));
  assert.deepEqual(await missing(named, ...shards.map((name) => file(`a/${name}`))), []);
  assert.deepEqual(await missing(named, file('a/m-1.safetensors'), file('m-2.safetensors')), [
    'a/m-2.safetensors',
  ]);
  for (const name of ['pytorch_model.bin.index.json', 'diffusion_pytorch_model.safetensors.index.fp16.json'])
    assert.deepEqual(await missing(file(name, index('x.bin'))), ['x.bin']);
  assert.deepEqual(await missing(file('model.safetensors.index.json', index('left-out.safetensors'))), []);
  assert.deepEqual(await missing(file('other.json', index('x'))), []);
});

test('numbered files want all of their row', async () => {
  const row = (n: number, ending = 'gguf') => file(`m-0000${n}-of-00003.${ending}`);
  assert.deepEqual(await missing(row(1), row(2), row(3)), []);
  assert.deepEqual(await missing(row(1), row(3)), ['m-00002-of-00003.gguf']);
  assert.deepEqual(await missing(row(2, 'safetensors')), [
    'm-00001-of-00003.safetensors',
    'm-00003-of-00003.safetensors',
  ]);
  assert.equal((await missing(file('m-00001-of-99999.bin'))).length, 8);
});

test('an index that cannot be read is left to the scan; one of very many shards is not told at length', async () => {
  assert.deepEqual(await missing(file('a.index.json', '{"weight_map":{"a":"x.bin"')), ['x.bin']);
  const many = Array.from({ length: 70_000 }, (_, n) => `m-${n}.safetensors`);
  assert.equal((await missing(file('model.safetensors.index.json', index(...many)))).length, 8);
});
