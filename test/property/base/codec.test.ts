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
