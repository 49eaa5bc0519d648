import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { parseGguf, parseGgufMetadata } from '#formats';
import {
  type GgufSpec,
  ggufFile,
  inMemory,
  layOut,
  tinyLlama,
  uint32,
  uint64,
} from '../../support/gguf-file.ts';

const parse = (spec: GgufSpec) => parseGguf(inMemory(ggufFile(spec)), 'm.gguf');
const refuses = (spec: GgufSpec, code: string, message: RegExp) =>
  assert.rejects(parse(spec), (error: Error & { code: string }) => {
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  });

test('every value type comes out as it was written', async () => {
  const { metadata } = await parse({
    metadata: [
      ['a', ['uint8', 255]],
      ['b', ['int8', -128]],
      ['c', ['uint16', 65535]],
      ['d', ['int16', -32768]],
      ['e', ['uint32', 4294967295]],
      ['f', ['int32', -2147483648]],
      ['g', ['float32', 1.5]],
      ['h', ['bool', true]],
      ['i', ['string', '\ufeffnaïve']],
      [
        'j',
        [
          'array',
          [
            'array',
            [
              ['int8', [1, -2]],
              ['string', ['x']],
            ],
          ],
        ],
      ],
      ['k', ['uint64', 2n ** 60n]],
      ['l', ['int64', -5n]],
      ['m', ['float64', Math.PI]],
    ],
    tensors: [],
  });
  assert.deepEqual(Object.fromEntries(metadata), {
    a: 255,
    b: -128,
    c: 65535,
    d: -32768,
    e: 4294967295,
    f: -2147483648,
    g: 1.5,
    h: true,
    i: '\ufeffnaïve',
    j: [[1, -2], ['x']],
    k: 2n ** 60n,
    l: -5,
    m: Math.PI,
  });
});

test('tensors have outermost dimensions first and lie where the file says', async () => {
  const spec = tinyLlama();
  const bytes = ggufFile(spec);
  const { tensors, headerBytes } = await parseGguf(inMemory(bytes), 'm.gguf');
  assert.equal(headerBytes % 32, 0);
  assert.deepEqual(tensors, [
    {
      name: 'token_embd.weight',
      type: 'Q8_0',
      shape: [10, 64],
      file: 'm.gguf',
      offset: headerBytes,
      bytes: 680,
    },
    {
      name: 'output_norm.weight',
      type: 'F32',
      shape: [64],
      file: 'm.gguf',
      offset: headerBytes + 704,
      bytes: 256,
    },
  ]);
  assert.equal(bytes.length, headerBytes + 704 + 256);
});

test('tensors may be listed in another order than they lie in, and the end may be padded', async () => {
  const spec = tinyLlama();
  spec.tensors.reverse();
  const [norm] = spec.tensors;
  norm!.dims = [63];
  norm!.bytes = 252;
  assert.equal((await parse(spec)).tensors.length, 2);
  assert.equal((await parse({ ...spec, trailing: 4 })).tensors.length, 2);
  await refuses({ ...spec, trailing: 3 }, 'FORMAT_INVALID', /tensors end/);
});

test('only the header is read, however long it is', async () => {
  const tokens = Array.from({ length: 60_000 }, (_, i) => `a token of some length, number ${i}`);
  const data = 8 << 20;
  const bytes = ggufFile({
    metadata: [['tokens', ['array', ['string', tokens]]]],
    tensors: [{ name: 'w', type: 0, dims: [data / 4], offset: 0, bytes: data }],
  });
  const source = inMemory(bytes);
  const { metadata, headerBytes } = await parseGguf(source, 'm.gguf');
  assert.deepEqual(metadata.get('tokens'), tokens);
  const read = source.reads.reduce((sum, [, length]) => sum + length, 0);
  assert.ok(read <= headerBytes * 4, `${read} bytes read for a header of ${headerBytes}`);
  assert.deepEqual(parseGgufMetadata(bytes.subarray(0, headerBytes)).get('tokens'), tokens);
});

test('what is no little-endian GGUF of version 2 or 3 is refused', async () => {
  const empty = { metadata: [], tensors: [] };
  await refuses({ ...empty, magic: 'GGML' }, 'FORMAT_INVALID', /does not begin with "GGUF"/);
  await refuses({ ...empty, version: 1 }, 'FORMAT_UNSUPPORTED', /version 1/);
  await refuses({ ...empty, version: 3 << 24 }, 'FORMAT_UNSUPPORTED', /big-endian/);
  assert.equal((await parse({ ...empty, version: 2 })).tensors.length, 0);
  await assert.rejects(parseGguf(inMemory(new Uint8Array()), 'm.gguf'), { code: 'FORMAT_INVALID' });
});

test('duplicate and empty names are refused', async () => {
  const value = ['uint8', 1] as const;
  await refuses(
    {
      metadata: [
        ['a', value],
        ['a', value],
      ],
      tensors: [],
    },
    'FORMAT_INVALID',
    /"a"/,
  );
  await refuses({ metadata: [['', value]], tensors: [] }, 'FORMAT_INVALID', /""/);
  const w = { name: 'w', type: 0, dims: [8], bytes: 32 };
  await refuses({ metadata: [], tensors: layOut([w, w]) }, 'FORMAT_INVALID', /"w"/);
});

test('a tensor type that execution cannot read is named', async () => {
  const tensors = layOut([{ name: 'blk.0.ffn_up.weight', type: 12, dims: [256], bytes: 144 }]);
  await refuses({ metadata: [], tensors }, 'FORMAT_UNSUPPORTED', /blk\.0\.ffn_up\.weight.*Q4_K.*Q8_0/);
  const unknown = [{ ...tensors[0]!, type: 77 }];
  await refuses({ metadata: [], tensors: unknown }, 'FORMAT_UNSUPPORTED', /number 77/);
});

test('tensors must tile the data section', async () => {
  const w = (name: string, offset: number, bytes = 32) => ({
    name,
    type: 0,
    dims: [bytes / 4],
    offset,
    bytes,
  });
  const refused = (...tensors: ReturnType<typeof w>[]) =>
    refuses({ metadata: [], tensors }, 'FORMAT_INVALID', /./);
  await refused(w('a', 0), w('b', 64)); // gap
  await refused(w('a', 0, 64), w('b', 32)); // overlap
  await refused(w('a', 0), w('b', 0)); // the same place
  await refused(w('a', 32)); // gap at the start
  await refused(w('a', 0), w('b', 36)); // alignment
  await refuses({ metadata: [], tensors: [w('a', 0)], trailing: -1 }, 'FORMAT_INVALID', /tensors end/);
  await refuses({ metadata: [], tensors: [w('a', 0)], trailing: 32 }, 'FORMAT_INVALID', /tensors end/);
  assert.equal((await parse({ metadata: [], tensors: [w('b', 32), w('a', 0)] })).tensors.length, 2);
});

test('alignment is a small power of two', async () => {
  const aligned = (alignment: number) => ({
    alignment,
    metadata: [['general.alignment', ['uint32', alignment]] as [string, ['uint32', number]]],
    tensors: layOut(
      [8, 8].map((n, i) => ({ name: `w${i}`, type: 0, dims: [n], bytes: 4 * n })),
      alignment,
    ),
  });
  assert.equal((await parse(aligned(128))).tensors[1]!.offset % 128, 0);
  for (const bad of [0, 24, 1 << 20]) {
    await refuses({ ...aligned(32), ...{ metadata: aligned(bad).metadata } }, 'FORMAT_INVALID', /alignment/);
  }
});

test('shapes are bounded and whole blocks', async () => {
  const shaped = (type: number, dims: number[]) => ({
    metadata: [],
    tensors: [{ name: 'w', type, dims, offset: 0, bytes: 0 }],
  });
  await refuses(shaped(8, [33]), 'FORMAT_INVALID', /blocks of 32/);
  await refuses(shaped(0, []), 'FORMAT_INVALID', /0 dimensions/);
  await refuses(shaped(0, [1, 1, 1, 1, 1]), 'FORMAT_INVALID', /5 dimensions/);
  await refuses(shaped(0, [4, 0]), 'FORMAT_INVALID', /empty dimension/);
  await refuses(shaped(0, [2 ** 31]), 'FORMAT_INVALID', /limit/);
  await refuses(shaped(0, [2 ** 30, 2 ** 30]), 'FORMAT_UNSUPPORTED', /too large/);
});

test('lengths that the file cannot hold are refused before anything is allocated', async () => {
  const start = (...parts: Uint8Array[]) => concat([utf8('GGUF'), uint32(3), uint64(0), uint64(1), ...parts]);
  const key = concat([uint64(1), utf8('k')]);
  const files = [
    concat([utf8('GGUF'), uint32(3), uint64(2n ** 63n), uint64(0)]),
    concat([utf8('GGUF'), uint32(3), uint64(0), uint64(2n ** 40n)]),
    start(uint64(2n ** 62n)),
    start(key, uint32(8), uint64(2n ** 33n)),
    start(key, uint32(9), uint32(0), uint64(2n ** 33n)),
    start(key, uint32(9), uint32(8), uint64(1000)),
    start(key, uint32(13)),
    start(key, uint32(7), Uint8Array.of(2)),
    start(key, uint32(8), uint64(2), Uint8Array.of(0xc3, 0x28)),
    start(key, ...Array.from({ length: 6 }, () => concat([uint32(9), uint64(1)])), uint32(0), uint64(0)),
  ];
  for (const bytes of files) {
    const padded = concat([bytes, new Uint8Array(64)]);
    await assert.rejects(parseGguf(inMemory(padded), 'm.gguf'), { code: 'FORMAT_INVALID' });
  }
});
