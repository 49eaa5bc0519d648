import { createPrivateKey, hash, sign } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { concat, fromHex } from '#base';
import { defaultCurve, fromLittleEndian, type SignedBytes } from '#crypto';

const curve = defaultCurve();
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const P = 2n ** 255n - 19n;
export const L = ed25519.Point.Fn.ORDER;

export const bytesOf = (y: bigint, sign: 0 | 1): Uint8Array => {
  const hex = (y | (BigInt(sign) << 255n)).toString(16).padStart(64, '0');
  return fromHex(hex).reverse();
};

/** All spellings that are not the usual one, and the points of small order. */
export const EDGES: Uint8Array[] = [];
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

/** What noble says by ZIP-215's rules. */
export const oracle = ({ message, signature, publicKey }: SignedBytes): boolean => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true });
  } catch {
    return false;
  }
};

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** Signatures over such messages: honest ones, ones at the edge of the rule, and wrong ones. */
export function signaturesOver(messages: fc.Arbitrary<Uint8Array>) {
  const honest = fc.tuple(seeds, messages).map(([seed, message]): SignedBytes => {
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
    return {
      message,
      signature: new Uint8Array(sign(null, message, key)),
      publicKey: ed25519.getPublicKey(seed),
    };
  });
  /** R and A of small order or oddly spelled, with s = 0: good under ZIP-215 whatever the message. */
  const edge = fc.constantFrom(...EDGES);
  const crafted = fc.tuple(edge, edge, messages, fc.constantFrom(0n, 1n, L, L - 1n)).map(
    ([R, publicKey, message, s]): SignedBytes => ({
      message,
      publicKey,
      signature: concat([R, bytesOf(s, 0)]),
    }),
  );
  /** An honest key, and R moved by a point of small order: only a check with the cofactor takes it. */
  const twisted = fc.tuple(seeds, messages).map(([seed, message]): SignedBytes => {
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
  return { honest, crafted, twisted, damaged };
}
