import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BitorchError, decodeCanonical, encodeCanonical, equalBytes } from '#base';

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test('canonical CBOR round-trips and has one spelling', () => {
  fc.assert(
    fc.property(value, (sent) => {
      const bytes = encodeCanonical(sent);
      assert.deepEqual(decodeCanonical(bytes, 1 << 20), sent);
      assert.ok(equalBytes(encodeCanonical(decodeCanonical(bytes, 1 << 20)), bytes));
    }),
  );
});

test('random and mutated bytes are either canonical or refused with CODEC_INVALID', () => {
  const mutated = fc.tuple(value, fc.nat(), fc.nat(255)).map(([sent, at, byte]) => {
    const bytes = encodeCanonical(sent);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        assert.ok(equalBytes(encodeCanonical(decodeCanonical(bytes, 1 << 20)), bytes));
      } catch (error) {
        assert.equal((error as BitorchError).code, 'CODEC_INVALID', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('other spellings of the same value are refused', () => {
  const spellings = {
    'a long integer': [0x18, 0x01],
    'an indefinite list': [0x9f, 0x01, 0xff],
    'trailing bytes': [0x01, 0x01],
    'unsorted keys': [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01],
    'a repeated key': [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02],
    undefined: [0xf7],
  };
  for (const [what, bytes] of Object.entries(spellings)) {
    assert.throws(() => decodeCanonical(Uint8Array.from(bytes), 100), { code: 'CODEC_INVALID' }, what);
  }
  assert.throws(() => decodeCanonical(encodeCanonical('x'.repeat(100)), 50), { code: 'CODEC_INVALID' });
});

test('what is allowed is decided before any value is made: by values, by depth, by what is there', () => {
  const filled = (byte: number, ...head: number[]) => {
    const bytes = new Uint8Array(32 << 20).fill(byte);
    bytes.set(head);
    return bytes;
  };
  const count = [0x01, 0xff, 0xff, 0xfb];
  const hostile = {
    'a list of millions of empty maps': filled(0xa0, 0x9a, ...count),
    'lists inside lists': filled(0x81),
    'maps inside maps': filled(0xa1),
    'tags on tags': filled(0xc1),
    'a list that says it is long': Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    'a text that says it is long': Uint8Array.of(0x7b, 0, 0, 1, 0, 0, 0, 0, 0),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    const heap = process.memoryUsage().heapUsed;
    assert.throws(() => decodeCanonical(bytes, 64 << 20), { code: 'CODEC_INVALID' }, what);
    assert.ok(process.memoryUsage().heapUsed - heap < 16 << 20, what);
  }
});

test('every value is counted, and every level', () => {
  const list = encodeCanonical(Array.from({ length: 99 }, () => 0));
  decodeCanonical(list, 1000, { items: 100 });
  assert.throws(() => decodeCanonical(list, 1000, { items: 99 }), { code: 'CODEC_INVALID' });
  const map = encodeCanonical({ a: [{ b: [] }] });
  decodeCanonical(map, 1000, { items: 6, depth: 3 });
  assert.throws(() => decodeCanonical(map, 1000, { items: 5 }), { code: 'CODEC_INVALID' });
  assert.throws(() => decodeCanonical(map, 1000, { depth: 2 }), { code: 'CODEC_INVALID' });
});

test('what was encoded is within its own count of values and levels', () => {
  const cost = (sent: unknown): { items: number; depth: number } => {
    const isPlain = typeof sent !== 'object' || sent === null || sent instanceof Uint8Array;
    if (isPlain) return { items: 1, depth: 0 };
    const inside = (Array.isArray(sent) ? sent : Object.entries(sent).flat()).map(cost);
    return {
      items: inside.reduce((sum, { items }) => sum + items, 1),
      depth: inside.length === 0 ? 0 : 1 + Math.max(...inside.map(({ depth }) => depth)),
    };
  };
  fc.assert(
    fc.property(value, (sent) => {
      const { items, depth } = cost(sent);
      const bytes = encodeCanonical(sent);
      assert.deepEqual(decodeCanonical(bytes, 1 << 20, { items, depth }), sent);
      assert.throws(() => decodeCanonical(bytes, 1 << 20, { items: items - 1, depth }), {
        code: 'CODEC_INVALID',
      });
      if (depth > 0) assert.throws(() => decodeCanonical(bytes, 1 << 20, { items, depth: depth - 1 }));
    }),
  );
});
