import { concat } from '#base';
import { type BytesCodec, orderedNumber, type ReadView, type WriteView } from '#store';
import { amount, integer, struct } from '../codec/index.ts';
import { KEY_BYTES } from '../constants.ts';
import { accountKind } from '../state/buckets.ts';
import { type OneTime, oneTimeCodec } from './shapes.ts';

/** Money on its way back from a bond: slashable until it is due. */
const withdrawalCodec = struct({ amount, due: integer(), refund: oneTimeCodec });

export interface Withdrawal {
  readonly amount: bigint;
  readonly due: number;
  readonly refund: OneTime;
}

/** What a bond was for: one key may be a validator's and a node's at once. */
export type BondOf = 'validator' | 'node';
const BONDS: readonly BondOf[] = ['validator', 'node'];

/** The bond it comes from, and a number of its own. */
type WithdrawalKey = readonly [of: BondOf, bond: Uint8Array, number: number];

/** Where the withdrawals from a bond are. */
export const bondPrefix = (of: BondOf, bond: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(BONDS.indexOf(of)), bond]);

const withdrawalKey: BytesCodec<WithdrawalKey> = {
  encode: ([of, bond, number]) => concat([bondPrefix(of, bond), orderedNumber.encode(number)]),
  decode: (bytes) => [
    BONDS[bytes[0]!]!,
    bytes.slice(1, 1 + KEY_BYTES),
    orderedNumber.decode(bytes.subarray(1 + KEY_BYTES)),
  ],
};

export const withdrawals = accountKind(8, withdrawalKey, withdrawalCodec, (record) => record.amount);

/** What the chain does of itself at a height. */
export type DueKind = 'withdrawal' | 'escrow';
const KINDS: readonly DueKind[] = ['withdrawal', 'escrow'];

type DueKey = readonly [height: number, kind: DueKind, key: Uint8Array];

const dueKey: BytesCodec<DueKey> = {
  encode: ([height, kind, key]) =>
    concat([orderedNumber.encode(height), Uint8Array.of(KINDS.indexOf(kind)), key]),
  decode: (bytes) => [orderedNumber.decode(bytes), KINDS[bytes[8]!]!, bytes.slice(9)],
};

export const dues = accountKind(9, dueKey, struct({}), () => 0n);

export function schedule(view: WriteView, height: number, kind: DueKind, key: Uint8Array): void {
  dues.bucket.put(view, [height, kind, key], {});
}

export function unschedule(view: WriteView, height: number, kind: DueKind, key: Uint8Array): void {
  dues.bucket.delete(view, [height, kind, key]);
}

/** What is due at or before a height, in the order of the heights. */
export function dueBy(view: ReadView, height: number): DueKey[] {
  return [...dues.bucket.entries(view, { to: [height + 1, 'withdrawal', new Uint8Array(0)] })].map(
    ([at]) => at,
  );
}

/** Puts money of a bond in the queue, under a number that never comes twice for that bond. */
export function withdraw(view: WriteView, key: WithdrawalKey, record: Withdrawal): void {
  withdrawals.bucket.put(view, key, record);
  schedule(view, record.due, 'withdrawal', withdrawalKey.encode(key));
}

/** Takes a due withdrawal out of the queue of its bond. */
export function takeWithdrawal(view: WriteView, key: Uint8Array): Withdrawal {
  const at = withdrawalKey.decode(key);
  const record = withdrawals.bucket.get(view, at)!;
  withdrawals.bucket.delete(view, at);
  return record;
}
