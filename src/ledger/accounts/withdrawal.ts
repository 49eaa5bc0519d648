import { concat } from '#base';
import { type BytesCodec, orderedNumber, type WriteView } from '#store';
import { accountKind } from '../buckets.ts';
import { amount, type Decoded, integer, struct } from '../codec/index.ts';
import { KEY_BYTES, WHOLE } from '../constants.ts';
import { schedule } from './due.ts';
import { key, oneTimeCodec } from './shapes.ts';

/** A pending withdrawal from a bond: slashable until it is due. */
const withdrawalCodec = struct({
  amount,
  /** Height at which it left the bond: earlier offences still apply. */
  begun: integer(),
  due: integer(),
  /** Fraction of the stake already slashed when it left the bond. */
  borne: integer(0, WHOLE),
  /** Key that withdrew it. */
  owner: key,
  refund: oneTimeCodec,
});

export type Withdrawal = Decoded<typeof withdrawalCodec>;

/** Kind of bond: one key can be both a validator's and a node's. */
type BondOf = 'validator' | 'node';
const BONDS: readonly BondOf[] = ['validator', 'node'];

/** The bond, and a number unique to that bond. */
type WithdrawalKey = readonly [of: BondOf, bond: Uint8Array, number: number];

export const withdrawalKey: BytesCodec<WithdrawalKey> = {
  encode: ([of, bond, number]) =>
    concat([Uint8Array.of(BONDS.indexOf(of)), bond, orderedNumber.encode(number)]),
  decode: (bytes) => [
    BONDS[bytes[0]!]!,
    bytes.slice(1, 1 + KEY_BYTES),
    orderedNumber.decode(bytes.subarray(1 + KEY_BYTES)),
  ],
};

export const withdrawals = accountKind(8, withdrawalKey, withdrawalCodec, (record) => record.amount);

/** Queues a withdrawal. The number in its key must be unique to the bond. */
export function withdraw(view: WriteView, key: WithdrawalKey, record: Withdrawal): void {
  withdrawals.bucket.put(view, key, record);
  schedule(view, 'withdrawal', record.due, withdrawalKey.encode(key));
}
