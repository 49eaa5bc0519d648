import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import {
  accountFromSpendSecret,
  addressAt,
  type Curve,
  defaultCurve,
  deriveOutput,
  keyImageOf,
  oneTimeSecret,
  PRIMARY,
  recogniseOutput,
  scalarOf,
  sharedSecret,
  toWire,
  transactionKey,
} from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

/**
 * One output to the primary address and one to a subaddress, under our rules (a context, three bytes of view tag): what
 * another implementation has to come to from the same secrets.
 */
function derive(curve: Curve) {
  const spendSecret = scalarOf(2n ** 200n + 12345n);
  const account = accountFromSpendSecret(spendSecret, curve);
  const rules = { context: curve.keccak256(new TextEncoder().encode('example')), viewTagBytes: 3 };
  const outputs = [PRIMARY, { account: 1, index: 2 }].map((at, n) => {
    const to = addressAt(account, at, curve);
    const txSecret = scalarOf(777 + n);
    const shared = sharedSecret(txSecret, to.viewKey, curve)!;
    const output = deriveOutput(to, 10n ** 12n + BigInt(n), shared, n, rules, curve);
    const own = new Map([[toHex(to.spendKey), at]]);
    const found = recogniseOutput(output, shared, n, account, own, rules, curve)!;
    const { key, commitment, encryptedAmount, viewTag, mask } = output;
    const image = keyImageOf(oneTimeSecret(spendSecret, found, curve), key, curve);
    const parts = {
      ...to,
      transactionKey: transactionKey(txSecret, to, curve),
      shared,
      key,
      commitment,
      encryptedAmount,
    };
    const more = {
      viewTag,
      mask,
      keyImage: image,
      wireKey: toWire(key, curve),
      wireCommitment: toWire(commitment, curve),
    };
    return Object.fromEntries(
      Object.entries({ ...parts, ...more }).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? toHex(value) : value,
      ]),
    );
  });
  return {
    spendSecret: toHex(spendSecret),
    viewSecret: toHex(account.viewSecret),
    context: toHex(rules.context),
    outputs,
  };
}

test('outputs under our rules come out as written down', () => {
  const expected = JSON.parse(readFileSync(new URL('./derivation.json', import.meta.url), 'utf8'));
  assert.deepEqual(derive(defaultCurve()), expected);
  assert.deepEqual(derive(nobleCurve), expected);
  assert.equal(fromHex(expected.outputs[0].viewTag).length, 3);
});
