import { concat } from '#base';
import { type BytesCodec, type ReadView, rawBytes, type WriteView } from '#store';
import { amount, byteOf, type Decoded, integer, struct } from '../codec/index.ts';
import { KEY_BYTES, WHOLE } from '../constants.ts';
import { require } from '../errors.ts';
import { accountKind } from '../state/buckets.ts';
import { addressCodec, key } from './shapes.ts';
import { bondPrefix, withdrawals } from './withdrawal.ts';

/**
 * A validator's pool. Delegators own shares of its tokens (as Penumbra's and Cosmos' pools: rewards and slashing
 * move the rate tokens/shares, and nobody is paid one by one).
 */
export const validatorCodec = struct({
  owner: key,
  payout: addressCodec,
  tokens: amount,
  shares: amount,
  /** Of rewards, to the owner. */
  commission: integer(0, WHOLE),
  /** The first height at which it may unjail; 0 when it is not jailed. */
  jailedUntil: integer(),
  /** 1 for ever after equivocation. */
  tombstoned: byteOf(0, 1),
  /** Blocks that it did not sign, less those that it has signed since; never below 0. */
  missed: integer(),
  /** Counts the actions its owner signed, and the withdrawals from it. */
  sequence: integer(),
  withdrawn: integer(),
});

export type Validator = Decoded<typeof validatorCodec>;

/** By consensus key. */
export const validators = accountKind(4, rawBytes, validatorCodec, (record) => record.tokens);

const delegationCodec = struct({ shares: amount, sequence: integer() });
export type Delegation = Decoded<typeof delegationCodec>;
type DelegationKey = readonly [validator: Uint8Array, delegator: Uint8Array];

const delegationKey: BytesCodec<DelegationKey> = {
  encode: ([validator, delegator]) => concat([validator, delegator]),
  decode: (bytes) => [bytes.slice(0, KEY_BYTES), bytes.slice(KEY_BYTES)],
};

export const delegations = accountKind(5, delegationKey, delegationCodec, () => 0n);

export const isActive = (validator: Validator): boolean =>
  validator.jailedUntil === 0 && validator.tombstoned === 0 && validator.shares > 0n;

export function validatorOf(view: ReadView, id: Uint8Array): Validator {
  const validator = validators.bucket.get(view, id);
  require(validator !== undefined, 'no such validator');
  return validator;
}

/**
 * Adds tokens to a pool for new shares at the present rate, rounded down. Refused where rounding would take more than
 * a ten-thousandth: an owner who leaves one share and tips its own pool makes shares so dear that they round badly.
 */
export function delegate(view: WriteView, id: Uint8Array, delegator: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  require(validator.tombstoned === 0, 'the validator is out for ever');
  require(validator.shares === 0n || validator.tokens > 0n, 'the validator has lost everything');
  const shares = validator.shares === 0n ? tokens : (tokens * validator.shares) / validator.tokens;
  const worth = validator.shares === 0n ? tokens : (shares * validator.tokens) / validator.shares;
  require((tokens - worth) * BigInt(WHOLE) <= tokens, 'the shares of this validator are too coarse');
  const own = delegations.bucket.get(view, [id, delegator]) ?? { shares: 0n, sequence: 0 };
  validators.bucket.put(view, id, {
    ...validator,
    tokens: validator.tokens + tokens,
    shares: validator.shares + shares,
  });
  delegations.bucket.put(view, [id, delegator], { ...own, shares: own.shares + shares });
}

/** Burns shares and gives the tokens they stand for, rounded down. The delegation's sequence goes up by one. */
export function redeem(view: WriteView, id: Uint8Array, delegator: Uint8Array, shares: bigint): bigint {
  const validator = validatorOf(view, id);
  const own = delegations.bucket.get(view, [id, delegator]);
  require(own !== undefined && shares > 0n && shares <= own.shares, 'not that many shares');
  const tokens = (shares * validator.tokens) / validator.shares;
  validators.bucket.put(view, id, {
    ...validator,
    tokens: validator.tokens - tokens,
    shares: validator.shares - shares,
  });
  delegations.bucket.put(view, [id, delegator], { shares: own.shares - shares, sequence: own.sequence + 1 });
  return tokens;
}

/** The least shares worth at least so many tokens. */
export function sharesWorth(validator: Validator, tokens: bigint): bigint {
  require(validator.tokens > 0n, 'the validator has lost everything');
  return (tokens * validator.shares + validator.tokens - 1n) / validator.tokens;
}

/** Rewards and tips: more tokens for the same shares. */
export function reward(view: WriteView, id: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  validators.bucket.put(view, id, { ...validator, tokens: validator.tokens + tokens });
}

/** Takes a fraction of a pool and of what is being withdrawn from it; gives what was taken. */
export function slash(view: WriteView, id: Uint8Array, fraction: number): bigint {
  const part = (tokens: bigint) => (tokens * BigInt(fraction)) / BigInt(WHOLE);
  const validator = validatorOf(view, id);
  let taken = part(validator.tokens);
  validators.bucket.put(view, id, { ...validator, tokens: validator.tokens - taken });
  for (const [at, record] of withdrawals.bucket.under(view, bondPrefix('validator', id))) {
    taken += part(record.amount);
    withdrawals.bucket.put(view, at, { ...record, amount: record.amount - part(record.amount) });
  }
  return taken;
}
