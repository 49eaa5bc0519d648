import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#base';
import { defaultCurve, proveVrf, SigningKey, verifyVrf } from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

/** RFC 9381, appendix B.3. */
const VECTORS = JSON.parse(readFileSync(new URL('./ecvrf.json', import.meta.url), 'utf8')) as {
  name: string;
  secretKey: string;
  publicKey: string;
  alpha: string;
  pi: string;
  beta: string;
}[];

for (const curve of [defaultCurve(), nobleCurve]) {
  describe(`ECVRF-EDWARDS25519-SHA512-TAI on ${curve.implementation}`, () => {
    for (const { name, secretKey, publicKey, alpha, pi, beta } of VECTORS) {
      test(name, () => {
        const key = new SigningKey(fromHex(secretKey));
        assert.equal(toHex(key.publicKey), publicKey);
        const { proof, output } = proveVrf(key, fromHex(alpha), curve);
        assert.equal(toHex(proof), pi);
        assert.equal(toHex(output), beta);
        assert.equal(toHex(verifyVrf(key.publicKey, fromHex(alpha), fromHex(pi), curve)!), beta);
      });
    }
  });
}
