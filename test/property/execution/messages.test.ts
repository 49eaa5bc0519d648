import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, concat } from '#base';
import { decodeHidden, decodeOpen, encodeHidden, encodeOpen } from '#execution';

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

test('a hidden frame decodes to what was encoded, at any alignment', () => {
  fc.assert(
    fc.property(hidden, fc.integer({ min: 0, max: 7 }), (sent, shift) => {
      const frame = concat([new Uint8Array(shift), ...encodeHidden(sent)]).subarray(shift);
      const got = decodeHidden(frame, WIDTH);
      assert.deepEqual({ ...got, states: [...got.states] }, { ...sent, states: [...sent.states] });
    }),
  );
});

test('a changed length, flag or non-finite value is refused', () => {
  fc.assert(
    fc.property(hidden, fc.nat(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY), (sent, at, bad) => {
      const frame = concat(encodeHidden(sent));
      assert.throws(() => decodeHidden(frame.subarray(0, at % frame.length), WIDTH), BitorchError);
      const flagged = frame.slice();
      flagged[1] = 1 + (at % 255);
      assert.throws(() => decodeHidden(flagged, WIDTH), { code: 'FRAME_INVALID' });
      sent.states[at % sent.states.length] = bad;
      assert.throws(() => decodeHidden(concat(encodeHidden(sent)), WIDTH), /NaN or infinity/);
    }),
  );
});

const text = fc.string({ maxLength: 60 });
const address = fc.record({ id: text, addresses: fc.array(text, { maxLength: 3 }) }, plain);
const open = fc.record(
  {
    session,
    manifest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    first: fc.nat(100),
    end: fc.integer({ min: 101, max: 200 }),
    period: u32,
    previous: fc.option(text),
    next: fc.option(address),
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
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 500 })), (frame) => {
      for (const decode of [() => decodeOpen(frame), () => decodeHidden(frame, WIDTH)]) {
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
