import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  commitmentsBalance,
  defaultCurve,
  fromWire,
  isValidAddress,
  MONERO_RULES,
  openAmount,
  recogniseOutput,
  scalarOf,
  sharedSecretOf,
  sharedSecrets,
  verifyClsag,
  verifyPaymentSent,
  verifyRanges,
  viewOnlyAccount,
} from '#crypto';
import { TORSION } from '../../support/crypto/ring.ts';

const curve = defaultCurve();
const G = curve.encode(curve.base);
const account = viewOnlyAccount(scalarOf(5), G, curve);

/** What a stranger may write where 32 bytes belong: points, scalars, small orders, noise, other lengths. */
const field = fc.oneof(
  fc.constantFrom(G, scalarOf(1), scalarOf(-1), scalarOf(0), ...TORSION),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.uint8Array({ maxLength: 70 }),
);
const fields = fc.array(field, { maxLength: 8 });

describe('strangers can write what they want: verifiers answer false and do not throw', () => {
  test('ring signatures', () => {
    const rings = fc.array(fc.record({ key: field, commitment: field }), { maxLength: 5 });
    fc.assert(
      fc.property(rings, fields, fc.tuple(field, field, field, field, field), (ring, scalars, rest) => {
        const [pseudoOut, message, challenge, commitmentImage, keyImage] = rest;
        const signature = { scalars, challenge, commitmentImage };
        assert.equal(verifyClsag({ ring, pseudoOut, message }, signature, keyImage, curve), false);
      }),
      { numRuns: 200 },
    );
  });

  test('range proofs, with as many rounds as there should be and with others', () => {
    const rounds = fc.oneof(fields, fc.array(field, { minLength: 6, maxLength: 6 }));
    const proofs = fc.record({
      a: field,
      a1: field,
      b: field,
      r1: field,
      s1: field,
      d1: field,
      left: rounds,
      right: rounds,
    });
    fc.assert(
      fc.property(proofs, fields, (proof, commitments) => {
        assert.equal(verifyRanges([{ proof, commitments }], curve), false);
      }),
      { numRuns: 100 },
    );
    const plausible = fc.record({
      a: fc.constant(G),
      a1: fc.constant(G),
      b: fc.constantFrom(G, ...TORSION),
      r1: fc.constant(scalarOf(1)),
      s1: fc.constant(scalarOf(0)),
      d1: fc.constant(scalarOf(-1)),
      left: fc.array(fc.constant(G), { minLength: 6, maxLength: 6 }),
      right: fc.array(fc.constantFrom(G, ...TORSION), { minLength: 6, maxLength: 6 }),
    });
    fc.assert(
      fc.property(plausible, (proof) => {
        assert.equal(verifyRanges([{ proof, commitments: [G] }], curve), false);
      }),
      { numRuns: 10 },
    );
  });

  test('proofs of payment, balances, points and addresses', () => {
    fc.assert(
      fc.property(
        fc.tuple(field, field, field, field, field, field, field),
        fc.boolean(),
        (all, subaddress) => {
          const [spendKey, viewKey, transactionKey, message, sharedPoint, challenge, response] = all;
          const address = { spendKey, viewKey, subaddress };
          const proof = { sharedPoint, challenge, response };
          assert.equal(verifyPaymentSent({ address, transactionKey, message }, proof, curve), false);
          sharedSecretOf(proof, curve);
          isValidAddress(address, curve);
          fromWire(spendKey, curve);
          assert.equal(commitmentsBalance([spendKey], [viewKey], 12345n, curve), false);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('outputs', () => {
    fc.assert(
      fc.property(
        fc.tuple(field, field, field, field, field),
        ([key, viewTag, commitment, encryptedAmount, R]) => {
          const [shared] = sharedSecrets(account.viewSecret, [R], curve);
          const secret = shared ?? G;
          const own = new Map();
          assert.equal(
            recogniseOutput({ key, viewTag }, secret, 3, account, own, MONERO_RULES, curve),
            undefined,
          );
          assert.equal(openAmount({ commitment, encryptedAmount }, secret, curve), undefined);
        },
      ),
      { numRuns: 100 },
    );
  });
});
