import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer, readNpy } from '#formats';

const npy = (descr: string, shape: string, bytes: number): Uint8Array => {
  const header = utf8(`{'descr': ${descr}, 'fortran_order': False, 'shape': (${shape}), }\n`);
  const start = Uint8Array.of(0x93, ...utf8('NUMPY'), 1, 0, header.length & 255, header.length >> 8);
  return concat([start, header, new Uint8Array(bytes)]);
};
const refused = (bytes: Uint8Array) => assert.rejects(readNpy(inBuffer(bytes)), { code: 'FORMAT_INVALID' });

/** Types as NumPy writes them, and the bytes of two elements. */
const TYPES: readonly (readonly [descr: string, bytes: number])[] = [
  ["'<f8'", 16],
  ["'|b1'", 2],
  ["'<U7'", 56],
  ["'|S12345'", 24_690],
  ["'<M8[ns]'", 16],
  ["'<m8[25s]'", 16],
  ["[('a', '<f8'), ('b', '<i4')]", 24],
  ["[('a', '<f4', (2, 3)), ('b', '|u1', (3,))]", 54],
  ["[('x', [('p', '<i2'), ('q', '|S3')]), ('', '|V4')]", 18],
  ["[(('Title', 't'), '<u2'), ('z', '<M8[D]')]", 20],
];

test('numbers, texts, dates and records of them, to the last byte', async () => {
  for (const [descr, bytes] of TYPES) {
    assert.equal((await readNpy(inBuffer(npy(descr, '2,', bytes)))).objects, false, descr);
    await readNpy(inBuffer(npy(descr, '', bytes / 2)));
    await refused(npy(descr, '2,', bytes + 1));
    await refused(npy(descr, '2,', bytes - 1));
  }
});

test('records that are not as NumPy writes them; objects anywhere are told', async () => {
  const nested = `${"[('a', ".repeat(12)}'|u1'${')]'.repeat(12)}`;
  for (const descr of [
    "[('a', '<f8')",
    "[('a', '<f8')]]",
    "[('a', eval('1'))]",
    "[('a', 'f8', 2)]",
    nested,
    "[('a', '<x8')]",
  ])
    await refused(npy(descr, '2,', 16));
  for (const descr of ["'|O'", "[('a', '<f8'), ('b', '|O')]", "[('a', [('b', 'O8')])]"])
    assert.equal((await readNpy(inBuffer(npy(descr, '2,', 16)))).objects, true, descr);
});
