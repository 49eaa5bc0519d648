import { equalBytes, toHex } from '#base';
import {
  type Account,
  accountFromSpendSecret,
  addressAt,
  type Curve,
  keyImageOf,
  MONERO_RULES,
  oneTimeSecret,
  openAmount,
  recogniseOutput,
  type Scalar,
  type SpendKeyTable,
  type SubaddressIndex,
  sharedSecrets,
} from '#crypto';
import type { MoneroTransaction } from './monero-transaction.ts';

/** An output that a wallet found, with all it takes to spend it. */
export interface OwnOutput {
  readonly index: number;
  readonly subaddress: SubaddressIndex;
  readonly amount: bigint;
  readonly mask: Scalar;
  readonly secret: Scalar;
  readonly keyImage: Uint8Array;
}

export interface MoneroWallet {
  readonly account: Account & { readonly spendSecret: Scalar };
  readonly own: SpendKeyTable;
}

export function moneroWallet(spendSecret: Scalar, curve: Curve): MoneroWallet {
  const account = { ...accountFromSpendSecret(spendSecret, curve), spendSecret };
  const own = new Map<string, SubaddressIndex>();
  for (const major of [0, 1]) {
    for (let minor = 0; minor < 4; minor++) {
      const at = { account: major, index: minor };
      own.set(toHex(addressAt(account, at, curve).spendKey), at);
    }
  }
  return { account, own };
}

/** The outputs of a transaction that belong to a wallet; throws when one does not open. */
export function scanMoneroTransaction(
  tx: MoneroTransaction,
  wallet: MoneroWallet,
  curve: Curve,
): OwnOutput[] {
  const { account, own } = wallet;
  const secrets = sharedSecrets(account.viewSecret, [tx.transactionKey, ...tx.outputKeys], curve);
  return tx.outputs.flatMap((output, index) => {
    for (const shared of [secrets[0], secrets[index + 1]]) {
      if (shared === undefined) continue;
      const found = recogniseOutput(output, shared, index, account, own, MONERO_RULES, curve);
      if (found === undefined) continue;
      const opened = openAmount(output, found.derivation, curve);
      if (opened === undefined) throw new RangeError(`output ${index} does not open`);
      const secret = oneTimeSecret(account.spendSecret, found, curve);
      if (!equalBytes(curve.encode(curve.multiplyBaseSecret(secret)), output.key)) {
        throw new RangeError(`output ${index} has another secret`);
      }
      const keyImage = keyImageOf(secret, output.key, curve);
      return [{ index, subaddress: found.subaddress, ...opened, secret, keyImage }];
    }
    return [];
  });
}
