import assert from 'node:assert/strict';
import { createPrivateKey, hash, sign } from 'node:crypto';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { concat, fromHex } from '#base';
import { areSignatures, defaultCurve, fromLittleEndian, isSignature, type SignedBytes } from '#crypto';

const curve = defaultCurve();
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const P = 2n ** 255n - 19n;
const L = ed25519.Point.Fn.ORDER;

const bytesOf = (y: bigint, sign: 0 | 1): Uint8Array => {
  const hex = (y | (BigInt(sign) << 255n)).toString(16).padStart(64, '0');
  return fromHex(hex).reverse();
};

/** All spellings that are not the usual one, and the points of small order. */
const EDGES: Uint8Array[] = [];
for (const sign of [0, 1] as const) {
  for (let i = 0n; i < 19n; i++) EDGES.push(bytesOf(P + i, sign));
  for (const y of [0n, 1n, 2n, P - 1n, P - 2n]) EDGES.push(bytesOf(y, sign));
}
const ORDER_8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
const ORDER_8_OTHER = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
for (const hex of [ORDER_8, ORDER_8_OTHER]) {
  const point = fromHex(hex);
  const negative = point.slice();
  negative[31]! ^= 0x80;
  EDGES.push(point, negative);
}

const oracle = ({ message, signature, publicKey }: SignedBytes): boolean => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
};

const honest = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 80 }))
  .map(([seed, message]): SignedBytes => {
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
    return {
      message,
      signature: new Uint8Array(sign(null, message, key)),
      publicKey: ed25519.getPublicKey(seed),
    };
  });

/** R and A of small order or oddly spelled, with s = 0: good under ZIP-215 whatever the message. */
const edge = fc.constantFrom(...EDGES);
const crafted = fc.tuple(edge, edge, fc.uint8Array({ maxLength: 8 }), fc.constantFrom(0n, 1n, L, L - 1n)).map(
  ([R, publicKey, message, s]): SignedBytes => ({
    message,
    publicKey,
    signature: concat([R, bytesOf(s, 0)]),
  }),
);

/** An honest key, and R moved by a point of small order: only a check with the cofactor takes it. */
const twisted = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 8 }))
  .map(([seed, message]): SignedBytes => {
    const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
    const R = ed25519.Point.BASE.multiply(77n).add(ed25519.Point.fromHex(ORDER_8)).toBytes();
    const digest = hash('sha512', concat([R, pointBytes, message]), 'buffer');
    const k = fromLittleEndian(curve.scalars.reduce(new Uint8Array(digest)));
    const s = (77n + k * scalar) % L;
    return { message, publicKey: pointBytes, signature: concat([R, bytesOf(s, 0)]) };
  });

const damaged = fc
  .tuple(honest, fc.nat(63), fc.integer({ min: 1, max: 255 }))
  .map(([signed, at, by]): SignedBytes => {
    const signature = signed.signature.slice();
    signature[at]! ^= by;
    return { ...signed, signature };
  });

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
