/** What comes out of the sandbox is written by whoever took it over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '../../../src/security/trial/frame-reader.ts';
import { encodeFrame, type TrialFrame } from '../../../src/security/trial/messages.ts';

const result: TrialFrame = {
  type: 'result',
  golden: [new Uint8Array(32).fill(7)],
  positions: 12,
  logitsHash: new Uint8Array(32),
  uniform: false,
  ignoresInput: false,
};

const read = (...chunks: Uint8Array[]) => {
  const reader = new FrameReader(() => undefined);
  for (const chunk of chunks) reader.add(chunk);
  return reader;
};

test('any bytes are read without an exception and ', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
      const { last, problem } = read(...chunks);
      assert.ok(last === undefined || problem === undefined || typeof problem === 'string');
    }),
    { numRuns: 2000 },
  );
});

test('a result survives any cut into chunks, and one flipped bit never changes it unseen', () => {
  const bytes = encodeFrame(result);
  fc.assert(
    fc.property(fc.nat(bytes.length), fc.nat(8 * bytes.length - 1), (cut, bit) => {
      assert.deepEqual(read(bytes.slice(0, cut), bytes.slice(cut)).last, result);
      const spoiled = bytes.slice();
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      const { last, problem } = read(spoiled);
      assert.notDeepEqual(last, result);
      assert.ok(problem !== undefined || last === undefined || last.type === 'result');
    }),
  );
});

test('too long frames, frames after the result and foreign fields are refused', () => {
  assert.match(read(new Uint8Array([255, 255, 255, 127])).problem!, /at most/);
  assert.match(read(encodeFrame(result), encodeFrame(result)).problem!, /follows the result/);
  assert.match(read(encodeFrame({ ...result, extra: 1 } as TrialFrame)).problem!, /frame/);
  const many = { ...result, golden: Array.from({ length: 1025 }, () => new Uint8Array(32)) };
  assert.match(read(encodeFrame(many as TrialFrame)).problem!, /golden/);
});
