import { concat } from '#base';
import { type BytesCodec, orderedNumber, type WriteView } from '#store';
import { amount, type Decoded, integer, struct } from '../codec/index.ts';
import { KEY_BYTES, WHOLE } from '../constants.ts';
import { accountKind } from '../state/buckets.ts';
import { schedule } from './due.ts';
import { key, oneTimeCodec } from './shapes.ts';

/** Money on its way back from a bond: slashable until it is due. */
const withdrawalCodec = struct({
  amount,
  /** The height at which it left the bond: an offence before it still reaches it. */
  begun: integer(),
  due: integer(),
  /** The part of its stake that was taken for an offence before it left the bond. */
  borne: integer(0, WHOLE),
  /** Who took it out. */
  owner: key,
  refund: oneTimeCodec,
});

export type Withdrawal = Decoded<typeof withdrawalCodec>;

/** What a bond was for: one key may be a validator's and a node's at once. */
export type BondOf = 'validator' | 'node';
const BONDS: readonly BondOf[] = ['validator', 'node'];

/** The bond it comes from, and a number of its own. */
export type WithdrawalKey = readonly [of: BondOf, bond: Uint8Array, number: number];

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

/** Puts money of a bond in the queue, under a number that never comes twice for that bond. */
export function withdraw(view: WriteView, key: WithdrawalKey, record: Withdrawal): void {
  withdrawals.bucket.put(view, key, record);
  schedule(view, 'withdrawal', record.due, withdrawalKey.encode(key));
}
