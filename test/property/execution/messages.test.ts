import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, concat } from '#base';
import { decodeOpen, encodeOpen, HiddenFrames } from '#execution';

const WIDTH = 32;
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const session = fc.uint8Array({ minLength: 16, maxLength: 16 });
const plain = { noNullPrototype: true };
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

const hidden = fc
  .record({ session, period: u32, position: u32, rows: fc.integer({ min: 1, max: 4 }) })
  .chain((head) =>
    fc
      .array(finite, { minLength: head.rows * WIDTH, maxLength: head.rows * WIDTH })
      .map((states) => ({ ...head, states: new Float32Array(states) })),
  );

const framesOf = (terms: { session: Uint8Array; period: number }) =>
  new HiddenFrames({ ...terms, width: WIDTH });

test('a hidden frame decodes to what was encoded, at any alignment, whatever its session encoded before', () => {
  fc.assert(
    fc.property(hidden, hidden, fc.integer({ min: 0, max: 7 }), (before, sent, shift) => {
      const frames = framesOf(sent);
      frames.encode(before);
      const frame = concat([new Uint8Array(shift), ...frames.encode(sent)]).subarray(shift);
      const { position, rows, states } = framesOf(sent).decode(frame);
      assert.deepEqual([position, rows, [...states]], [sent.position, sent.rows, [...sent.states]]);
    }),
  );
});

test('a changed length, flag, session, period or non-finite value is refused', () => {
  fc.assert(
    fc.property(hidden, fc.nat(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY), (sent, at, bad) => {
      const frames = framesOf(sent);
      const frame = concat(frames.encode(sent));
      assert.throws(() => frames.decode(frame.subarray(0, at % frame.length)), BitorchError);
      const flags = [1, 2, 3];
      const terms = [4, 5, 6, 7, ...Array.from({ length: 16 }, (_, i) => 16 + i)];
      for (const place of [flags[at % 3]!, terms[at % terms.length]!]) {
        const changed = frame.slice();
        changed[place]! ^= 1 + (at % 255);
        assert.throws(() => frames.decode(changed), { code: 'FRAME_INVALID' });
      }
      sent.states[at % sent.states.length] = bad;
      assert.throws(() => frames.decode(concat(frames.encode(sent))), /NaN or infinity/);
    }),
  );
});

const text = fc.string({ maxLength: 60 });
const open = fc.record(
  {
    session,
    manifest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    first: fc.nat(100),
    end: fc.integer({ min: 101, max: 200 }),
    period: u32,
    previous: fc.option(text),
    wait: fc.boolean(),
    next: fc.option(text),
  },
  plain,
);

test('an open round-trips', () => {
  fc.assert(fc.property(open, (sent) => assert.deepEqual(decodeOpen(encodeOpen(sent)), sent)));
});

test('mutated opens and random frames end in BitorchError or in a valid message', () => {
  const mutated = fc.tuple(open, fc.nat(), fc.nat(255)).map(([message, at, byte]) => {
    const frame = encodeOpen(message);
    frame[at % frame.length] = byte;
    return frame;
  });
  const frames = framesOf({ session: new Uint8Array(16), period: 0 });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 500 })), (frame) => {
      for (const decode of [() => decodeOpen(frame), () => frames.decode(frame)]) {
        try {
          decode();
        } catch (error) {
          assert.ok(error instanceof BitorchError, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});
