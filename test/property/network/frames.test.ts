import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BitorchError } from '#base';
import { FrameAssembler } from '#network';

const framesOf = (assembler: FrameAssembler) => {
  const out: Uint8Array[] = [];
  for (let frame = assembler.next(); frame; frame = assembler.next()) out.push(frame);
  return out;
};

const encode = (frames: Uint8Array[]) =>
  Buffer.concat(
    frames.flatMap((frame) => {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32LE(frame.length);
      return [prefix, frame];
    }),
  );

test('frames come out as they went in, however the bytes are cut', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = encode(sent);
      const assembler = new FrameAssembler(300);
      const got: Uint8Array[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const cut = cuts[i % cuts.length]!;
        assembler.add(bytes.subarray(at, at + cut));
        got.push(...framesOf(assembler));
        at += cut;
      }
      assert.deepEqual(
        got.map((f) => [...f]),
        sent.map((f) => [...f]),
      );
      assert.ok(assembler.empty);
      for (const frame of got) assert.ok(frame.buffer.byteLength <= frame.length + 4, 'keeps only its own');
    }),
  );
});

test('random bytes give frames within the limit or a code, nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const assembler = new FrameAssembler(1000);
      try {
        for (const chunk of chunks) {
          assembler.add(chunk);
          for (const frame of framesOf(assembler)) assert.ok(frame.length <= 1000);
        }
      } catch (error) {
        assert.ok(['FRAME_TOO_LONG', 'FRAME_EMPTY'].includes((error as BitorchError).code));
      }
    }),
  );
});

test('what is held of an unfinished frame costs few objects, however small its chunks and however large their buffers', () => {
  const length = 1 << 20;
  const whole = encode([Buffer.alloc(length, 7)]);
  const buffer = new Uint8Array(64 << 10);
  const assembler = new FrameAssembler(length);
  const before = process.memoryUsage();
  for (let at = 0; at < whole.length - 1; at++) {
    const chunk = (at % 3 === 0 ? buffer : new Uint8Array(1)).subarray(0, 1);
    chunk[0] = whole[at]!;
    assembler.add(chunk);
    assert.equal(assembler.next(), undefined);
  }
  const after = process.memoryUsage();
  assert.equal(assembler.held, whole.length - 1);
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  assert.ok(grown < 64 << 20, `${grown} bytes for one of ${length}`);
  assembler.add(whole.subarray(-1));
  assert.deepEqual(Buffer.from(assembler.next()!), Buffer.alloc(length, 7));
});
