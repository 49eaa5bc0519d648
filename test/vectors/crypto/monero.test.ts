import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#base';
import { accountFromSpendSecret, addressAt, defaultCurve } from '#crypto';
import { readMoneroAddress } from '../../support/crypto/monero-base58.ts';
import {
  compareWithMonero,
  holds,
  type OracleRun,
  ringsOf,
  tampered,
} from '../../support/crypto/monero-run.ts';
import { readMoneroTransaction } from '../../support/crypto/monero-transaction.ts';
import { judge } from '../../support/crypto/monero-verify.ts';

const curve = defaultCurve();
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../monero/${name}`, import.meta.url), 'utf8'));
const run = read('regtest.json') as OracleRun;

describe('real Monero transactions', () => {
  test('of the main chain: two rings of 16, two outputs', () => {
    const { hex, rings } = read('mainnet.json') as { hex: string; rings: { key: string; mask: string }[][] };
    const members = rings.map((ring) =>
      ring.map(({ key, mask }) => ({ key: fromHex(key), commitment: fromHex(mask) })),
    );
    const tx = readMoneroTransaction(hex, curve);
    assert.deepEqual(judge(tx, members, curve), { balance: true, signatures: [true, true], ranges: true });
    const swapped = judge(tx, [...members].reverse(), curve);
    assert.deepEqual(swapped.signatures, [false, false]);
  });

  test('of a private chain with both wallets: verified, found, opened, key images and payment proofs equal', () => {
    assert.deepEqual(compareWithMonero(run, curve), {
      ids: 7,
      verified: 7,
      transactions: 7,
      outputsFound: 30,
      outputsOpened: 30,
      keyImages: 30,
      outputs: 30,
      paymentProofs: 7,
      paymentProofsAll: 7,
      tamperedRejected: 5,
      tampered: 5,
    });
  });

  test('the copy that was not tampered with holds', () => {
    const rings = ringsOf(run.txs.find((tx) => tx.as_hex === run.negative.tx_hex)!);
    assert.ok(holds(tampered(run.negative.tx_hex, 'untampered'), rings, curve));
  });

  test('addresses and subaddresses of both wallets', () => {
    for (const wallet of [run.wallets.A, run.wallets.B]) {
      const account = accountFromSpendSecret(fromHex(wallet.spend_key), curve);
      assert.equal(toHex(account.viewSecret), wallet.view_key);
      for (const [major, addresses] of Object.entries(wallet.accounts)) {
        for (const { address, address_index: index } of addresses) {
          const expected = readMoneroAddress(address, curve);
          const made = addressAt(account, { account: Number(major), index }, curve);
          assert.equal(toHex(made.spendKey), toHex(expected.spendKey));
          assert.equal(toHex(made.viewKey), toHex(expected.viewKey));
          assert.equal(made.subaddress, expected.subaddress);
        }
      }
    }
  });
});
