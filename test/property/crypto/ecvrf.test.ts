import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '#base';
import { defaultCurve, proveVrf, SigningKey, VRF_PROOF_BYTES, verifyVrf } from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

const curve = defaultCurve();
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const inputs = fc.uint8Array({ maxLength: 64 });

describe('ECVRF', () => {
  test('a proof holds for its key and input, on both curves, and any changed bit spoils it', () => {
    fc.assert(
      fc.property(seeds, inputs, fc.nat(VRF_PROOF_BYTES * 8 - 1), (seed, input, bit) => {
        const key = new SigningKey(seed);
        const { proof, output } = proveVrf(key, input, curve);
        assert.deepEqual(verifyVrf(key.publicKey, input, proof, curve), output);
        const bent = proof.slice();
        bent[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(verifyVrf(key.publicKey, input, bent, curve), undefined);
        assert.equal(verifyVrf(key.publicKey, Uint8Array.of(...input, 0), proof, curve), undefined);
        assert.equal(verifyVrf(new SigningKey(output.slice(32)).publicKey, input, proof, curve), undefined);
      }),
      { numRuns: 40 },
    );
  });

  test('both curves agree about anything', () => {
    fc.assert(
      fc.property(seeds, inputs, fc.uint8Array({ maxLength: 100 }), (seed, input, bytes) => {
        const { publicKey } = new SigningKey(seed);
        assert.equal(verifyVrf(publicKey, input, bytes, curve), undefined);
        assert.equal(verifyVrf(bytes, input, bytes, curve), undefined);
        const { proof, output } = proveVrf(new SigningKey(seed), input, curve);
        assert.deepEqual(verifyVrf(publicKey, input, proof, nobleCurve), output);
      }),
      { numRuns: 4 },
    );
  });

  test('a key of small order, whose output its holder could choose, is refused', () => {
    const identity = fromHex(`01${'00'.repeat(31)}`);
    const order8 = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
    for (const key of [identity, order8]) {
      assert.ok(curve.decode(key), 'it is a point');
      // With Y of small order and c·Y = 0, s·B and s·H match whatever Γ = 0 says.
      const proof = new Uint8Array(VRF_PROOF_BYTES);
      proof.set(identity);
      assert.equal(verifyVrf(key, new Uint8Array(3), proof, curve), undefined);
    }
  });

  test('a response that is not below the group order is refused', () => {
    const key = new SigningKey(new Uint8Array(32));
    const { proof } = proveVrf(key, new Uint8Array(0), curve);
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    let carry = 0;
    const bent = proof.slice();
    for (let i = 0; i < 32; i++) {
      carry += bent[48 + i]! + order[i]!;
      bent[48 + i] = carry & 255;
      carry >>= 8;
    }
    assert.notDeepEqual(bent, proof);
    assert.equal(verifyVrf(key.publicKey, new Uint8Array(0), bent, curve), undefined);
  });
});
