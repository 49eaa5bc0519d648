import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, utf8 } from '#base';
import {
  type Aggregate,
  aggregateSignatures,
  type Curve,
  defaultCurve,
  fromLittleEndian,
  isAggregate,
  isSignature,
  type SignedBytes,
} from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';
import { bytesOf, L, signaturesOver } from '../../support/crypto/signatures.ts';

const curve = defaultCurve();
const message = utf8('one message for all');
const { honest, crafted, twisted, damaged } = signaturesOver(fc.constant(message));

const aggregateOf = (signed: readonly SignedBytes[]): Aggregate =>
  aggregateSignatures(curve, message, signed);
const isGood = (
  signed: readonly SignedBytes[],
  aggregate = aggregateOf(signed),
  by: Curve = curve,
): boolean => isAggregate(by, { message, publicKeys: signed.map(({ publicKey }) => publicKey), aggregate });
const hasForm = ({ signature }: SignedBytes) => curve.scalars.isCanonical(signature.subarray(32));

test('an aggregate is good exactly if each of its signatures is, also at the edges of the rule', () => {
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 12, arbitrary: honest }, damaged, crafted, twisted).filter(hasForm), {
        minLength: 1,
        maxLength: 6,
      }),
      (signed) => {
        const each = signed.every((one) => isSignature(curve, one));
        seen[each ? 'good' : 'bad']++;
        assert.equal(isGood(signed), each);
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(seen.good > 20 && seen.bad > 20, JSON.stringify(seen));
});

test('the kernel and noble agree on what is made and on what is good', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(honest, crafted, twisted).filter(hasForm), { minLength: 1, maxLength: 4 }),
      (signed) => {
        const aggregate = aggregateOf(signed);
        assert.deepEqual(aggregateSignatures(nobleCurve, message, signed), aggregate);
        assert.equal(isGood(signed, aggregate, nobleCurve), isGood(signed, aggregate));
      },
    ),
    { numRuns: 20 },
  );
});

test('whatever bit is flipped, in a point, the scalar, a key or the message, it is good no more', () => {
  const signed = fc.sample(honest, { numRuns: 3, seed: 7 });
  const aggregate = aggregateOf(signed);
  const publicKeys = signed.map(({ publicKey }) => publicKey);
  const fields = [...aggregate.nonces, aggregate.scalar, ...publicKeys, message];
  assert.ok(isAggregate(curve, { message, publicKeys, aggregate }));
  for (const [of, field] of fields.entries()) {
    for (let bit = 0; bit < 8 * field.length; bit++) {
      const changed = fields.map((bytes, i) => (i === of ? flipped(bytes, bit) : bytes));
      const [nonces, keys] = [changed.slice(0, 3), changed.slice(4, 7)];
      const one = { message: changed[7]!, publicKeys: keys, aggregate: { nonces, scalar: changed[3]! } };
      assert.equal(isAggregate(curve, one), false, `field ${of}, bit ${bit}`);
    }
  }
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

test('two bad signatures that would cancel out make no good aggregate', () => {
  fc.assert(
    fc.property(honest, honest, (a, b) => {
      const shifted = (signed: SignedBytes, by: bigint): SignedBytes => {
        const s = (fromLittleEndian(signed.signature.subarray(32)) + by) % L;
        return { ...signed, signature: concat([signed.signature.subarray(0, 32), bytesOf(s, 0)]) };
      };
      assert.equal(isGood([shifted(a, 5n), shifted(b, L - 5n)]), false);
      // Nor do the scalars that fit when nothing is weighted.
      const plain =
        (fromLittleEndian(a.signature.subarray(32)) + fromLittleEndian(b.signature.subarray(32))) % L;
      assert.equal(isGood([a, b], { ...aggregateOf([a, b]), scalar: bytesOf(plain, 0) }), false);
    }),
    { numRuns: 20 },
  );
});

test('a key that is made to cancel another one out speaks for nobody but itself', () => {
  fc.assert(
    fc.property(
      honest,
      fc.bigInt({ min: 1n, max: L - 1n }),
      fc.bigInt({ min: 1n, max: L - 1n }),
      (victim, x, r) => {
        // A' = x·B − A and R' = r·B − R: without coefficients that depend on them the victim's parts would be gone.
        const negated = (bytes: Uint8Array, by: bigint): Uint8Array => {
          const point = curve.decode(bytes)!;
          return curve.encode(curve.subtract(curve.multiplyBaseSecret(bytesOf(by, 0)), point));
        };
        const rogue = negated(victim.publicKey, x);
        const R = victim.signature.subarray(0, 32);
        const nonces = [R, negated(R, r)];
        for (const scalar of [r, x, (r + x) % L])
          assert.equal(
            isGood([victim, { ...victim, publicKey: rogue }], { nonces, scalar: bytesOf(scalar, 0) }),
            false,
          );
      },
    ),
    { numRuns: 10 },
  );
});

test('of one signature it is that signature; an order of its own makes another', () => {
  const [a, b] = fc.sample(honest, { numRuns: 2, seed: 1 }) as [SignedBytes, SignedBytes];
  const single = aggregateOf([a]);
  assert.deepEqual(concat([...single.nonces, single.scalar]), a.signature);
  assert.deepEqual(aggregateOf([a, b]), aggregateOf([a, b]));
  assert.notDeepEqual(aggregateOf([a, b]).scalar, aggregateOf([b, a]).scalar);
  assert.ok(isGood([b, a]));
  assert.equal(isGood([b, a], aggregateOf([a, b])), false);
  assert.equal(isGood([a], aggregateOf([a, b])), false, 'fewer keys than points');
  assert.equal(isGood([a, a], { nonces: [single.nonces[0]!], scalar: single.scalar }), false);
});

test('what is malformed is simply bad, or refused where it is made', () => {
  const [a, b] = fc.sample(honest, { numRuns: 2, seed: 2 }) as [SignedBytes, SignedBytes];
  const good = aggregateOf([a, b]);
  const raised = bytesOf(fromLittleEndian(good.scalar) + L, 0);
  for (const aggregate of [
    { ...good, scalar: raised },
    { ...good, scalar: good.scalar.subarray(1) },
    { ...good, nonces: [good.nonces[0]!, good.nonces[1]!.subarray(1)] },
    { ...good, nonces: [] },
  ])
    assert.equal(isGood([a, b], aggregate), false);
  assert.equal(
    isAggregate(curve, { message, publicKeys: [], aggregate: { nonces: [], scalar: new Uint8Array(32) } }),
    false,
  );
  assert.throws(() => aggregateOf([]), RangeError);
  const s = bytesOf(fromLittleEndian(a.signature.subarray(32)) + L, 0);
  assert.throws(
    () => aggregateOf([{ ...a, signature: concat([a.signature.subarray(0, 32), s]) }]),
    RangeError,
  );
  assert.throws(() => aggregateOf([{ ...a, signature: a.signature.subarray(0, 40) }]), RangeError);
});
