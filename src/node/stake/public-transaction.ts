import type { Curve, SigningKey } from '#crypto';
import { type Action, bodyHash, makeTransaction, TRANSACTION_PURPOSE, type Transaction } from '#ledger';

/** What a transaction has to know of the chain. */
export interface Moment {
  readonly chainId: Uint8Array;
  readonly height: number;
  readonly expiryWindow: number;
  /** Sparks a unit of weight. */
  readonly baseFee: bigint;
}

/** Twice the base fee: it may rise before a block takes the transaction. */
const MARGIN = 2n;

/**
 * A transaction without private money: its one action pays the fee out of the account that it is about. `signers` in the
 * order that the action asks for.
 */
export function publicTransaction(
  action: (fee: bigint) => Action,
  signers: readonly SigningKey[],
  { chainId, height, expiryWindow, baseFee }: Moment,
  curve: Curve,
): Transaction {
  const nothing = { inputs: [], outputs: [], memo: new Uint8Array(0) };
  for (let fee = 0n; ; ) {
    const body = { chainId, expiry: height + expiryWindow, fee, ...nothing, actions: [action(fee)] };
    const hash = bodyHash(body, curve);
    const signatures = signers.map((signer) => signer.sign(TRANSACTION_PURPOSE, hash));
    const transaction = makeTransaction(body, { spend: undefined, signatures }, curve);
    const needed = BigInt(transaction.weight) * baseFee * MARGIN;
    if (fee >= needed) return transaction;
    fee = needed;
  }
}
