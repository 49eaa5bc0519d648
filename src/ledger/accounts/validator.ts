import { concat, equalBytes, sha256 } from '#base';
import { type BytesCodec, type ReadView, rawBytes, type WriteView } from '#store';
import { accountKind, jailed, keysByAddress, type Stake, stakes, standings } from '../buckets.ts';
import { amount, byteOf, type Decoded, integer, struct } from '../codec/index.ts';
import { KEY_BYTES, POWER_DELAY, TORCH, WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { parametersOf } from './chain.ts';
import { addressCodec, key } from './shapes.ts';
import type { Withdrawal } from './withdrawal.ts';

/**
 * A validator's pool. Delegators own shares of its tokens, as in Penumbra and Cosmos: rewards and slashing change the rate
 * tokens/shares instead of paying delegators individually. Amounts are in sparks.
 */
export const validatorCodec = struct({
  owner: key,
  payout: addressCodec,
  tokens: amount,
  shares: amount,
  /** Fraction of rewards for the owner, in ten-thousandths. */
  commission: integer(0, WHOLE),
  /** First height at which it can unjail; 0 when not jailed. */
  jailedUntil: integer(),
  /** 1 after equivocation, permanently. */
  tombstoned: byteOf(0, 1),
  /** Blocks missed minus blocks signed since; never below 0. */
  missed: integer(),
  /** Number of actions that its owner signed, and of withdrawals from it. */
  sequence: integer(),
  withdrawn: integer(),
  /** Sparks in pending withdrawals from the pool. */
  leaving: amount,
  /** Commission that is not paid out yet. */
  commissionDue: amount,
  /**
   * Equivocation: height of the earliest known offence, and the slashed fraction in ten-thousandths, which grows when further
   * offenders are found. A withdrawal pays the part that it has not borne yet when it is due, unless it left before the offence.
   */
  offence: integer(),
  slashed: integer(0, WHOLE),
});

export type Validator = Decoded<typeof validatorCodec>;

/** By consensus key. */
export const validators = accountKind(
  4,
  rawBytes,
  validatorCodec,
  ({ tokens, commissionDue }) => tokens + commissionDue,
);

/** Initial record of a validator, without keys and commission. */
export const UNTRIED = {
  tokens: 0n,
  shares: 0n,
  jailedUntil: 0,
  tombstoned: 0,
  missed: 0,
  sequence: 0,
  withdrawn: 0,
  leaving: 0n,
  commissionDue: 0n,
  offence: 0,
  slashed: 0,
} as const;

const delegationCodec = struct({
  shares: amount,
  /** Number of actions that the delegator signed. */
  sequence: integer(),
  /** Number of pending withdrawals. The record stays until the last one is paid, so that its sequence is not reused. */
  leaving: integer(),
});
export type Delegation = Decoded<typeof delegationCodec>;
type DelegationKey = readonly [validator: Uint8Array, delegator: Uint8Array];

const delegationKey: BytesCodec<DelegationKey> = {
  encode: ([validator, delegator]) => concat([validator, delegator]),
  decode: (bytes) => [bytes.slice(0, KEY_BYTES), bytes.slice(KEY_BYTES)],
};

export const delegations = accountKind(5, delegationKey, delegationCodec, () => 0n);

/** Whether it may vote and earn: not jailed, not removed, and with a pool. */
export const isActive = (validator: Validator): boolean =>
  validator.jailedUntil === 0 && validator.tombstoned === 0 && validator.shares > 0n;

/** Throws TRANSACTION_INVALID when there is no such validator. */
export function validatorOf(view: ReadView, id: Uint8Array): Validator {
  const validator = validators.bucket.get(view, id);
  ensure(validator !== undefined, 'no such validator');
  return validator;
}

/** Writes a validator and updates the indexes over all validators. Every write goes through here. */
export function putValidator(view: WriteView, id: Uint8Array, record: Validator): void {
  const before = validators.bucket.get(view, id);
  validators.bucket.put(view, id, record);
  noteValidator(view, id, before, record);
}

function removeValidator(view: WriteView, id: Uint8Array, record: Validator): void {
  validators.bucket.delete(view, id);
  noteValidator(view, id, record, undefined);
}

/** Updates the indexes when a record is created, changed or deleted. */
export function noteValidator(
  view: WriteView,
  id: Uint8Array,
  before: Validator | undefined,
  after: Validator | undefined,
): void {
  const { leastBond } = parametersOf(view);
  const [old, now] = [standingOf(before, leastBond), standingOf(after, leastBond)];
  moveIn(standings, view, id, old, now);
  moveIn(jailed, view, id, jailedOf(before, leastBond), jailedOf(after, leastBond));
  const sums = stakeOf(view);
  stakes.put(view, null, {
    atStake: sums.atStake + atStakeIn(after) - atStakeIn(before),
    bonded: sums.bonded + (after?.tokens ?? 0n) - (before?.tokens ?? 0n),
    standing: sums.standing + (now ?? 0) - (old ?? 0),
  });
  if (before && !after) keysByAddress.delete(view, cometAddressOf(id));
  else if (!before) keysByAddress.put(view, cometAddressOf(id), id);
}

/** CometBFT address of a validator: the first 20 bytes of the SHA-256 of its key. */
export const cometAddressOf = (id: Uint8Array): Uint8Array => sha256(id).slice(0, 20);

function moveIn(
  order: typeof standings,
  view: WriteView,
  id: Uint8Array,
  from: number | undefined,
  to: number | undefined,
): void {
  if (from === to) return;
  if (from !== undefined) order.delete(view, [from, id]);
  if (to !== undefined) order.put(view, [to, id], {});
}

/** Whole TORCH with which a jailed validator would vote; undefined when it is not jailed. */
const jailedOf = (validator: Validator | undefined, leastBond: bigint): number | undefined =>
  validator && validator.jailedUntil > 0
    ? standingOf({ ...validator, jailedUntil: 0 }, leastBond)
    : undefined;

/** Whole TORCH with which it votes; undefined when it may not, for example below the minimum bond. */
function standingOf(validator: Validator | undefined, leastBond: bigint): number | undefined {
  if (!validator || validator.jailedUntil > 0 || validator.tombstoned > 0) return undefined;
  const torch = validator.tokens / TORCH;
  return validator.tokens >= leastBond ? Number(torch) : undefined;
}

/** Sparks in a validator's pool and in pending withdrawals from it. */
export const atStakeIn = (validator: Validator | undefined): bigint =>
  validator ? validator.tokens + validator.leaving : 0n;

export const stakeOf = (view: ReadView): Stake =>
  stakes.get(view, null) ?? { atStake: 0n, bonded: 0n, standing: 0 };

/** The first `most` validators by bonded amount, with whole TORCH; ties by key. */
export function leading(
  view: ReadView,
  most: number,
  order = standings,
): { key: Uint8Array; torch: number }[] {
  const first: { key: Uint8Array; torch: number }[] = [];
  for (const [[torch, key]] of order.entries(view)) {
    if (first.length >= most) break;
    first.push({ key, torch });
  }
  return first;
}

/**
 * Adds tokens to a pool for new shares at the current rate, rounded down. Refused when rounding would lose more than 1/10,000:
 * an owner could leave a single share and tip the pool, which makes shares so expensive that rounding steals from delegators.
 * Throws TRANSACTION_INVALID.
 */
export function delegate(view: WriteView, id: Uint8Array, delegator: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  ensure(validator.tombstoned === 0, 'the validator has been removed permanently');
  ensure(validator.shares === 0n || validator.tokens > 0n, 'the validator has lost everything');
  ensure(tokens > 0n, 'nothing is delegated');
  const shares = validator.shares === 0n ? tokens : (tokens * validator.shares) / validator.tokens;
  const worth = validator.shares === 0n ? tokens : (shares * validator.tokens) / validator.shares;
  ensure((tokens - worth) * BigInt(WHOLE) <= tokens, 'the shares of this validator are too coarse');
  ensure(validator.shares + shares < 2n ** 64n, 'the shares of this validator are too small');
  const own = delegations.bucket.get(view, [id, delegator]) ?? { shares: 0n, sequence: 0, leaving: 0 };
  putValidator(view, id, {
    ...validator,
    tokens: validator.tokens + tokens,
    shares: validator.shares + shares,
  });
  delegations.bucket.put(view, [id, delegator], { ...own, shares: own.shares + shares });
}

/**
 * Burns shares and returns the tokens that they represent, rounded down. Increments the delegation's sequence. Throws
 * TRANSACTION_INVALID when there are fewer shares.
 * @param withdrawals 1 when the tokens leave by a withdrawal, 0 when they pay a fee
 */
export function redeem(
  view: WriteView,
  id: Uint8Array,
  delegator: Uint8Array,
  shares: bigint,
  withdrawals: 0 | 1,
): bigint {
  const validator = validatorOf(view, id);
  const own = delegations.bucket.get(view, [id, delegator]);
  ensure(
    own !== undefined && shares > 0n && shares <= own.shares,
    'the delegation does not have that many shares',
  );
  const tokens = (shares * validator.tokens) / validator.shares;
  putValidator(view, id, {
    ...validator,
    tokens: validator.tokens - tokens,
    shares: validator.shares - shares,
  });
  delegations.bucket.put(view, [id, delegator], {
    shares: own.shares - shares,
    sequence: own.sequence + 1,
    leaving: own.leaving + withdrawals,
  });
  return tokens;
}

/** The smallest number of shares worth at least `tokens`. Throws TRANSACTION_INVALID when the pool is empty. */
export function sharesWorth(validator: Validator, tokens: bigint): bigint {
  ensure(validator.tokens > 0n, 'the validator has lost everything');
  return (tokens * validator.shares + validator.tokens - 1n) / validator.tokens;
}

/** Adds a reward or tip: more tokens for the same shares. */
export function reward(view: WriteView, id: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  putValidator(view, id, { ...validator, tokens: validator.tokens + tokens });
}

/** A fraction (in ten-thousandths) of an amount, rounded down. */
export const partOf = (tokens: bigint, fraction: number): bigint =>
  (tokens * BigInt(fraction)) / BigInt(WHOLE);

/** Slashes a fraction (in ten-thousandths) of a pool. Returns the sparks taken. */
export function slashPool(view: WriteView, id: Uint8Array, fraction: number): bigint {
  const validator = validatorOf(view, id);
  const taken = partOf(validator.tokens, fraction);
  putValidator(view, id, { ...validator, tokens: validator.tokens - taken });
  return taken;
}

/** Sparks that a withdrawal loses to an offence that its stake voted in and that was punished after it left. */
export function lossOf(validator: Validator, withdrawal: Withdrawal): bigint {
  const { tombstoned, offence, slashed } = validator;
  const { amount, borne } = withdrawal;
  return tombstoned > 0 && isReached(withdrawal, offence) ? furtherPart(amount, borne, slashed) : 0n;
}

/** Whether the stake of a withdrawal still voted at the height of an offence, or left after it. */
export const isReached = ({ begun }: Pick<Withdrawal, 'begun'>, offence: number): boolean =>
  begun + POWER_DELAY > offence;

/** Further tokens to take from `tokens`, already slashed by `borne`, to reach `slashed` of the original amount. */
export const furtherPart = (tokens: bigint, borne: number, slashed: number): bigint =>
  slashed <= borne ? 0n : (tokens * BigInt(slashed - borne)) / BigInt(WHOLE - borne);

/**
 * Records a withdrawal as paid. After the last one, deletes empty records, except that of a permanently removed validator, and
 * that of a validator whose owner has a record: a founder that votes without a bond is not removed by a stranger that leaves.
 */
export function settleWithdrawal(view: WriteView, id: Uint8Array, { owner, amount }: Withdrawal): void {
  const before = validatorOf(view, id);
  const validator = { ...before, leaving: before.leaving - amount };
  const own = delegations.bucket.get(view, [id, owner])!;
  const leaving = own.leaving - 1;
  if (own.shares === 0n && leaving === 0) delegations.bucket.delete(view, [id, owner]);
  else delegations.bucket.put(view, [id, owner], { ...own, leaving });
  const { shares, tombstoned, tokens, commissionDue } = validator;
  const isEmpty = shares === 0n && validator.leaving === 0n && tokens === 0n && commissionDue === 0n;
  const isOwned = delegations.bucket.has(view, [id, validator.owner]);
  if (isEmpty && tombstoned === 0 && !isOwned) removeValidator(view, id, before);
  else putValidator(view, id, validator);
}

/** A remaining delegation must be at least the minimum: the bond for the owner. Throws TRANSACTION_INVALID. */
export function requireRest(view: ReadView, id: Uint8Array, delegator: Uint8Array): void {
  const { owner, tokens, shares } = validatorOf(view, id);
  const rest = delegations.bucket.get(view, [id, delegator])?.shares ?? 0n;
  const { leastBond, leastDelegation } = parametersOf(view);
  const least = equalBytes(owner, delegator) ? leastBond : leastDelegation;
  ensure(
    rest === 0n || (rest * tokens) / shares >= least,
    'the remaining delegation is too small: withdraw everything or leave more',
    {
      least,
    },
  );
}
