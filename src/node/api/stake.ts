/** This node's validator and its bond. Amounts are sparks in decimal digits. */
import { z } from '#base';
import { zAmount, zPassword, zSparks } from './fields.ts';
import type { PaymentReceipt } from './wallet.ts';

export const zStake = z.strictObject({
  /** Consensus key. */
  validator: z.string(),
  bonded: z.boolean(),
  /** Total delegated stake, and this node's part of it. */
  pool: zSparks,
  own: zSparks,
  /** 0…1. */
  commission: z.number(),
  /** Missed blocks minus blocks signed since. */
  missed: z.number(),
  jailedUntil: z.number(),
  tombstoned: z.boolean(),
});
export type StakeView = z.infer<typeof zStake>;

export const zBond = z.strictObject({
  amount: zAmount,
  commission: z.number().min(0).max(1).default(0.1),
  password: zPassword,
});

/** Everything is unbonded without an amount. */
export const zUnbond = z.strictObject({ amount: zAmount.exactOptional(), password: zPassword });

export const zUnjail = z.strictObject({ password: zPassword });

export interface StakeApi {
  view(): Promise<StakeView>;
  /** Throws PASSWORD_WRONG, FUNDS_INSUFFICIENT, BOND_SMALL, VALIDATOR_OUT or TRANSACTION_INVALID. */
  bond(request: { amount: string; commission?: number; password: string }): Promise<PaymentReceipt>;
  /** Throws PASSWORD_WRONG, NOT_BONDED or OWNER_OTHER. */
  unbond(request: z.infer<typeof zUnbond>): Promise<PaymentReceipt>;
  /** Throws PASSWORD_WRONG, NOT_BONDED, NOT_JAILED, STILL_JAILED, VALIDATOR_OUT or OWNER_OTHER. */
  unjail(request: z.infer<typeof zUnjail>): Promise<PaymentReceipt>;
}
