import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkHash, rowHashes } from '#verification';
import { RowHashes } from '../../../src/verification/positions.ts';

const WIDTH = 4;
const writes = fc.array(fc.record({ back: fc.nat({ max: 20 }), rows: fc.integer({ min: 1, max: 50 }) }), {
  maxLength: 12,
});

test('row hashes are those of the newest row at each position, however rows come and roll back', () => {
  fc.assert(
    fc.property(writes, fc.nat(), (steps, cut) => {
      const hashes = new RowHashes();
      let expected: Uint8Array[] = [];
      for (const [i, { back, rows }] of steps.entries()) {
        const position = Math.max(0, expected.length - back);
        const states = Float32Array.from({ length: rows * WIDTH }, (_, j) => i * 1000 + j);
        hashes.write(position, rows, states);
        expected = [...expected.slice(0, position), ...rowHashes(states, rows)];
        assert.equal(hashes.length, expected.length);
        const from = cut % expected.length;
        if (cut % 3 === 0) assert.deepEqual(hashes.of(0, from), chunkHash(expected.slice(0, from)));
      }
      assert.deepEqual(hashes.of(0, expected.length), chunkHash(expected));
      assert.equal(hashes.of(0, expected.length + 1), undefined);
      assert.throws(() => hashes.write(expected.length + 1, 1, new Float32Array(WIDTH)), RangeError);
    }),
  );
});
