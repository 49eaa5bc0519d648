import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '#base';
import { areSignatures, defaultCurve, fromLittleEndian, isSignature, type SignedBytes } from '#crypto';
import { bytesOf, EDGES, L, oracle, signaturesOver } from '../../support/crypto/signatures.ts';

const curve = defaultCurve();
const { honest, crafted, twisted, damaged } = signaturesOver(fc.uint8Array({ maxLength: 80 }));

test('a signature is good exactly if ZIP-215 says so: honest, damaged, crafted ones', () => {
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(fc.oneof(honest, damaged, crafted, twisted), (signed) => {
      const good = oracle(signed);
      seen[good ? 'good' : 'bad']++;
      assert.equal(isSignature(curve, signed), good);
    }),
    { numRuns: 150 },
  );
  assert.ok(seen.good > 20 && seen.bad > 20, JSON.stringify(seen));
});

test('every unusual spelling and point of small order is read as noble reads it', () => {
  for (const publicKey of EDGES) {
    for (const R of EDGES.slice(0, 8)) {
      const signed = { message: new Uint8Array(1), publicKey, signature: concat([R, new Uint8Array(32)]) };
      assert.equal(isSignature(curve, signed), oracle(signed));
    }
  }
});

test('a batch is good exactly if each of its signatures is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 12, arbitrary: honest }, damaged, crafted, twisted), { maxLength: 6 }),
      (batch) => {
        const each = batch.every((signed) => isSignature(curve, signed));
        assert.equal(areSignatures(curve, batch), each);
      },
    ),
    { numRuns: 100 },
  );
});

test('two bad signatures that would cancel out do not pass as a batch', () => {
  fc.assert(
    fc.property(honest, honest, (a, b) => {
      const shift = (signed: SignedBytes, by: bigint): SignedBytes => {
        const s = (fromLittleEndian(signed.signature.subarray(32)) + by) % L;
        return { ...signed, signature: concat([signed.signature.subarray(0, 32), bytesOf(s, 0)]) };
      };
      assert.equal(areSignatures(curve, [shift(a, 5n), shift(b, L - 5n)]), false);
    }),
    { numRuns: 20 },
  );
});

test('keys and signatures of wrong lengths are simply bad', () => {
  const [signed] = fc.sample(honest, 1) as [SignedBytes];
  assert.equal(isSignature(curve, { ...signed, publicKey: signed.publicKey.subarray(1) }), false);
  assert.equal(
    isSignature(curve, { ...signed, signature: concat([signed.signature, Uint8Array.of(0)]) }),
    false,
  );
});
