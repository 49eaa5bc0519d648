import { concat, utf8 } from '#base';
import type { Curve, Scalar } from '../curve.ts';
import { uint32 } from './bytes.ts';
import { isPrimeOrderPoint, pointOf } from './points.ts';

/** The keys of a wallet. Without `spendSecret` it sees incoming outputs but cannot spend. */
export interface Account {
  readonly viewSecret: Scalar;
  readonly viewKey: Uint8Array;
  readonly spendKey: Uint8Array;
  readonly spendSecret?: Scalar;
}

/** An address. `subaddress` determines which transaction key a sender must publish. */
export interface Address {
  readonly spendKey: Uint8Array;
  readonly viewKey: Uint8Array;
  readonly subaddress: boolean;
}

/** (0, 0) is the primary address. Both numbers are below 2^32. */
export interface SubaddressIndex {
  readonly account: number;
  readonly index: number;
}

export const PRIMARY: SubaddressIndex = { account: 0, index: 0 };

const SUBADDRESS_TAG = utf8('SubAddr\0');

/** An account from its spend secret b: B = b·G, a = Hs(b), A = a·G. */
export function accountFromSpendSecret(spendSecret: Scalar, curve: Curve): Account {
  const viewSecret = curve.hashToScalar(spendSecret);
  const spendKey = curve.encode(curve.multiplyBaseSecret(spendSecret));
  return { ...viewOnlyAccount(viewSecret, spendKey, curve), spendSecret };
}

/** A view-only account: the view secret a and the public spend key B. */
export function viewOnlyAccount(viewSecret: Scalar, spendKey: Uint8Array, curve: Curve): Account {
  return { viewSecret, spendKey, viewKey: curve.encode(curve.multiplyBaseSecret(viewSecret)) };
}

/** m = Hs("SubAddr\0" ‖ a ‖ account ‖ index), added to the spend secret for a subaddress; zero for the primary address. */
export function subaddressOffset(viewSecret: Scalar, at: SubaddressIndex, curve: Curve): Scalar {
  if (at.account === 0 && at.index === 0) return new Uint8Array(32);
  return curve.hashToScalar(concat([SUBADDRESS_TAG, viewSecret, uint32(at.account), uint32(at.index)]));
}

/** The address at an index: (B, A) for the primary address, otherwise B' = B + m·G and A' = a·B'. */
export function addressAt(account: Account, at: SubaddressIndex, curve: Curve): Address {
  if (at.account === 0 && at.index === 0) {
    return { spendKey: account.spendKey, viewKey: account.viewKey, subaddress: false };
  }
  const offset = curve.multiplyBaseSecret(subaddressOffset(account.viewSecret, at, curve));
  const spend = curve.add(pointOf(account.spendKey, 'spend key', curve), offset);
  const viewKey = curve.encode(curve.multiplySecret(account.viewSecret, spend));
  return { spendKey: curve.encode(spend), viewKey, subaddress: true };
}

/** Whether both keys are points of prime order. Check it when an address is decoded, because X/8 must invert to X. */
export function isValidAddress(address: Address, curve: Curve): boolean {
  return isPrimeOrderPoint(address.spendKey, curve) && isPrimeOrderPoint(address.viewKey, curve);
}
