import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '#base';
import {
  type Address,
  accountFromSpendSecret,
  addressAt,
  commit,
  commitmentsBalance,
  commitPublic,
  type DerivationRules,
  defaultCurve,
  deriveOutput,
  fromWire,
  isValidAddress,
  MONERO_RULES,
  oneTimeSecret,
  openAmount,
  PRIMARY,
  provePaymentReceived,
  provePaymentSent,
  randomScalar,
  recogniseOutput,
  scalarOf,
  sharedSecret,
  sharedSecretOf,
  sharedSecrets,
  toWire,
  transactionKey,
  verifyPaymentReceived,
  verifyPaymentSent,
  viewOnlyAccount,
} from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';
import { seededRandom, shifted, TORSION } from '../../support/crypto/ring.ts';

const curve = defaultCurve();
const random = seededRandom(3, curve);
const spendSecret = randomScalar(curve, random);
const account = accountFromSpendSecret(spendSecret, curve);
const stranger = accountFromSpendSecret(randomScalar(curve, random), curve);
const SUB = { account: 2, index: 5 };
const own = new Map([PRIMARY, SUB].map((at) => [toHex(addressAt(account, at, curve).spendKey), at]));
const OURS: DerivationRules = { context: random(32), viewTagBytes: 3 };

/** Pays an address and gives what is published. */
function pay(to: Address, amount: bigint, n: number, rules: DerivationRules) {
  const txSecret = randomScalar(curve, random);
  const shared = sharedSecret(txSecret, to.viewKey, curve)!;
  return {
    R: transactionKey(txSecret, to, curve),
    output: deriveOutput(to, amount, shared, n, rules, curve),
    txSecret,
  };
}

describe('one-time outputs', () => {
  for (const rules of [MONERO_RULES, OURS]) {
    for (const at of [PRIMARY, SUB]) {
      test(`reach ${at.account}/${at.index} with a view tag of ${rules.viewTagBytes}`, () => {
        const { R, output } = pay(addressAt(account, at, curve), 123n, 7, rules);
        const shared = sharedSecret(account.viewSecret, R, curve)!;
        const found = recogniseOutput(output, shared, 7, account, own, rules, curve)!;
        assert.deepEqual(found.subaddress, at);
        assert.deepEqual(openAmount(output, found.derivation, curve), { amount: 123n, mask: output.mask });
        const secret = oneTimeSecret(spendSecret, found, curve);
        assert.equal(toHex(curve.encode(curve.multiplyBaseSecret(secret))), toHex(output.key));
        assert.equal(output.viewTag.length, rules.viewTagBytes);
      });
    }
  }

  test('are not recognised by strangers, at another place, or in another context', () => {
    const { R, output } = pay(addressAt(account, PRIMARY, curve), 5n, 0, OURS);
    const shared = sharedSecret(account.viewSecret, R, curve)!;
    const other = sharedSecret(stranger.viewSecret, R, curve)!;
    const recognise = (secret: Uint8Array, n: number, rules: DerivationRules) => {
      // The tag alone would turn these away; the key has to as well.
      const tagged = { ...output, viewTag: new Uint8Array() };
      return recogniseOutput(tagged, secret, n, account, own, { ...rules, viewTagBytes: 0 }, curve);
    };
    assert.ok(recognise(shared, 0, OURS));
    assert.equal(recognise(other, 0, OURS), undefined);
    assert.equal(recognise(shared, 1, OURS), undefined);
    assert.equal(recognise(shared, 0, MONERO_RULES), undefined);
    assert.equal(recogniseOutput(output, other, 0, account, own, OURS, curve), undefined);
  });

  test('a sender who lies about the amount is found out', () => {
    const { R, output } = pay(addressAt(account, PRIMARY, curve), 5n, 0, OURS);
    const shared = sharedSecret(account.viewSecret, R, curve)!;
    const { derivation } = recogniseOutput(output, shared, 0, account, own, OURS, curve)!;
    const encryptedAmount = output.encryptedAmount.with(0, output.encryptedAmount[0]! ^ 1);
    assert.equal(openAmount({ ...output, encryptedAmount }, derivation, curve), undefined);
    const commitment = commit(6n, output.mask, curve);
    assert.equal(openAmount({ ...output, commitment }, derivation, curve), undefined);
  });

  test('many shared secrets at once are those of each, gaps where keys are no points', () => {
    const keys = [curve.encode(curve.base), new Uint8Array(32).fill(0xff), account.viewKey];
    const [a, none, b] = sharedSecrets(account.viewSecret, keys, curve);
    assert.equal(none, undefined);
    assert.deepEqual(a, sharedSecret(account.viewSecret, keys[0]!, nobleCurve));
    assert.deepEqual(b, sharedSecret(account.viewSecret, keys[2]!, nobleCurve));
  });

  test('a view-only account has the same addresses', () => {
    const viewer = viewOnlyAccount(account.viewSecret, account.spendKey, curve);
    assert.deepEqual(addressAt(viewer, SUB, curve), addressAt(account, SUB, curve));
    assert.equal(viewer.spendSecret, undefined);
  });

  test('addresses with points of small order are refused', () => {
    const address = addressAt(account, SUB, curve);
    assert.ok(isValidAddress(address, curve));
    for (const torsion of TORSION) {
      assert.ok(!isValidAddress({ ...address, spendKey: shifted(address.spendKey, torsion, curve) }, curve));
      assert.ok(!isValidAddress({ ...address, viewKey: torsion }, curve));
    }
    assert.ok(!isValidAddress({ ...address, viewKey: curve.encode(curve.identity) }, curve));
  });
});

describe('points on the wire', () => {
  test('come back, whatever of small order is added to them', () => {
    const wire = toWire(account.spendKey, curve);
    assert.deepEqual(fromWire(wire, curve), account.spendKey);
    for (const torsion of TORSION) {
      assert.deepEqual(fromWire(shifted(wire, torsion, curve), curve), account.spendKey);
      assert.equal(fromWire(torsion, curve), undefined, 'the identity');
    }
    assert.equal(fromWire(new Uint8Array(32).fill(0xff), curve), undefined);
    assert.equal(fromWire(new Uint8Array(5), curve), undefined);
  });
});

describe('commitments', () => {
  test('balance with fees and public amounts in and out', () => {
    const [m1, m2, m3] = [
      randomScalar(curve, random),
      randomScalar(curve, random),
      randomScalar(curve, random),
    ];
    const last = curve.scalars.subtract(curve.scalars.add(m1, m2), m3);
    const ins = [commit(70n, m1, curve), commit(30n, m2, curve)];
    const outs = (a: bigint, b: bigint) => [commit(a, m3, curve), commit(b, last, curve)];
    assert.ok(commitmentsBalance(ins, outs(50n, 40n), 10n, curve));
    assert.ok(commitmentsBalance(ins, outs(60n, 50n), -10n, curve));
    assert.ok(!commitmentsBalance(ins, outs(50n, 40n), 9n, curve));
    assert.ok(!commitmentsBalance(ins, outs(50n, 40n), 10n + 2n ** 64n, curve));
    assert.ok(!commitmentsBalance([new Uint8Array(32).fill(0xff)], [], 0n, curve));
  });

  test('to public amounts have mask 1', () => {
    assert.deepEqual(commitPublic(9n, curve), commit(9n, scalarOf(1), curve));
    assert.throws(() => commitPublic(2n ** 64n, curve), { code: 'AMOUNT_INVALID' });
    assert.throws(() => commit(-1n, scalarOf(1), curve), { code: 'AMOUNT_INVALID' });
  });
});

describe('proofs of payment', () => {
  for (const at of [PRIMARY, SUB]) {
    test(`by the sender and by the receiver, for ${at.account}/${at.index}`, () => {
      const address = addressAt(account, at, curve);
      const { R, output, txSecret } = pay(address, 99n, 1, OURS);
      const claim = { address, transactionKey: R, message: random(32) };
      const sent = provePaymentSent(claim, txSecret, curve, random);
      const received = provePaymentReceived(claim, account.viewSecret, curve, random);
      assert.ok(verifyPaymentSent(claim, sent, curve) && verifyPaymentReceived(claim, received, curve));
      assert.ok(verifyPaymentSent(claim, sent, nobleCurve));
      assert.deepEqual(sent.sharedPoint, received.sharedPoint);
      const shared = sharedSecretOf(sent, curve)!;
      const table = new Map([[toHex(address.spendKey), at]]);
      const { derivation } = recogniseOutput(output, shared, 1, account, table, OURS, curve)!;
      assert.equal(openAmount(output, derivation, curve)?.amount, 99n);

      assert.ok(!verifyPaymentReceived(claim, sent, curve), 'the wrong kind');
      assert.ok(!verifyPaymentSent({ ...claim, message: random(32) }, sent, curve));
      assert.ok(!verifyPaymentSent({ ...claim, address: addressAt(stranger, PRIMARY, curve) }, sent, curve));
      assert.ok(!verifyPaymentSent({ ...claim, transactionKey: stranger.viewKey }, sent, curve));
      for (const torsion of TORSION) {
        const sharedPoint = shifted(sent.sharedPoint, torsion, curve);
        assert.ok(!verifyPaymentSent(claim, { ...sent, sharedPoint }, curve));
      }
    });
  }

  test('need the right secret', () => {
    const address = addressAt(account, PRIMARY, curve);
    const claim = { address, transactionKey: pay(address, 1n, 0, OURS).R, message: random(32) };
    assert.throws(() => provePaymentSent(claim, scalarOf(5), curve), { code: 'PROOF_INVALID' });
    assert.throws(() => provePaymentReceived(claim, stranger.viewSecret, curve), { code: 'PROOF_INVALID' });
  });
});
