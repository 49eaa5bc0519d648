import { concat, equalBytes, sha256 } from '#base';
import { type BytesCodec, type ReadView, rawBytes, type WriteView } from '#store';
import { amount, byteOf, type Decoded, integer, struct } from '../codec/index.ts';
import { KEY_BYTES, POWER_DELAY, TORCH, WHOLE } from '../constants.ts';
import { ensure } from '../errors.ts';
import { accountKind, jailed, keysByAddress, type Stake, stakes, standings } from '../state/buckets.ts';
import { parametersOf } from './chain.ts';
import { addressCodec, key } from './shapes.ts';
import type { Withdrawal } from './withdrawal.ts';

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
  /** Sparks on their way back from the pool. */
  leaving: amount,
  /** Commission that is not paid out yet. */
  commissionDue: amount,
  /**
   * Of the equivocation: the height of the earliest one known, and the part that it cost, which grows while others are found
   * to have offended with it. What leaves the pool pays what it has not borne yet when it is due, unless it did not vote
   * at that height.
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

/** A validator that nothing has happened to yet. */
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
  /** Counts the actions its owner signed. */
  sequence: integer(),
  /** Withdrawals that are not paid yet: until the last one is, the record stays, so that its sequence does not come again. */
  leaving: integer(),
});
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
  ensure(validator !== undefined, 'no such validator');
  return validator;
}

/** The only way to write a validator: what is looked up of all of them is kept beside. */
export function putValidator(view: WriteView, id: Uint8Array, record: Validator): void {
  const before = validators.bucket.get(view, id);
  validators.bucket.put(view, id, record);
  noteValidator(view, id, before, record);
}

function removeValidator(view: WriteView, id: Uint8Array, record: Validator): void {
  validators.bucket.delete(view, id);
  noteValidator(view, id, record, undefined);
}

/** Keeps `standings`, `stakes` and `keysByAddress` true when a record changes, is new or goes. */
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

/** What CometBFT calls a validator: the first 20 bytes of the SHA-256 of its key. */
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

/** Whole TORCH that it would vote with, were it not in jail. */
const jailedOf = (validator: Validator | undefined, leastBond: bigint): number | undefined =>
  validator && validator.jailedUntil > 0
    ? standingOf({ ...validator, jailedUntil: 0 }, leastBond)
    : undefined;

/** Whole TORCH that it votes with, if it may vote: below the least bond a validator winds down. */
function standingOf(validator: Validator | undefined, leastBond: bigint): number | undefined {
  if (!validator || validator.jailedUntil > 0 || validator.tombstoned > 0) return undefined;
  const torch = validator.tokens / TORCH;
  return validator.tokens >= leastBond ? Number(torch) : undefined;
}

export const atStakeIn = (validator: Validator | undefined): bigint =>
  validator ? validator.tokens + validator.leaving : 0n;

export const stakeOf = (view: ReadView): Stake =>
  stakes.get(view, null) ?? { atStake: 0n, bonded: 0n, standing: 0 };

/** Sparks in the pools of all validators. */
export const bondedTokens = (view: ReadView): bigint => stakeOf(view).bonded;

/** The first in order of what is bonded, with whole TORCH; equal ones by key. */
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
 * Adds tokens to a pool for new shares at the present rate, rounded down. Refused where rounding would take more than
 * a ten-thousandth: an owner who leaves one share and tips its own pool makes shares so dear that they round badly.
 */
export function delegate(view: WriteView, id: Uint8Array, delegator: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  ensure(validator.tombstoned === 0, 'the validator is out for ever');
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
 * Burns shares and gives the tokens they stand for, rounded down. The delegation's sequence goes up by one.
 * @param withdrawals how many the tokens leave by, 0 when they pay a fee
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
  ensure(own !== undefined && shares > 0n && shares <= own.shares, 'not that many shares');
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

/** The least shares worth at least so many tokens. */
export function sharesWorth(validator: Validator, tokens: bigint): bigint {
  ensure(validator.tokens > 0n, 'the validator has lost everything');
  return (tokens * validator.shares + validator.tokens - 1n) / validator.tokens;
}

/** Rewards and tips: more tokens for the same shares. */
export function reward(view: WriteView, id: Uint8Array, tokens: bigint): void {
  const validator = validatorOf(view, id);
  putValidator(view, id, { ...validator, tokens: validator.tokens + tokens });
}

/** A fraction of an amount, rounded down. */
export const partOf = (tokens: bigint, fraction: number): bigint =>
  (tokens * BigInt(fraction)) / BigInt(WHOLE);

/** Takes a fraction of a pool; gives what was taken. */
export function slashPool(view: WriteView, id: Uint8Array, fraction: number): bigint {
  const validator = validatorOf(view, id);
  const taken = partOf(validator.tokens, fraction);
  putValidator(view, id, { ...validator, tokens: validator.tokens - taken });
  return taken;
}

/** What a withdrawal loses: the part of an offence that its stake voted in and that was punished later. */
export function lossOf(validator: Validator, { amount, begun, borne }: Withdrawal): bigint {
  const { tombstoned, offence, slashed } = validator;
  return tombstoned > 0 && begun + POWER_DELAY > offence ? furtherPart(amount, borne, slashed) : 0n;
}

/** What is still to be taken of tokens that have lost the part `borne`, so that it is `slashed` of what they were. */
export const furtherPart = (tokens: bigint, borne: number, slashed: number): bigint =>
  slashed <= borne ? 0n : (tokens * BigInt(slashed - borne)) / BigInt(WHOLE - borne);

/** Counts a withdrawal as paid. With the last one go the records that are empty; one that is out for ever stays, as a mark. */
export function settleWithdrawal(view: WriteView, id: Uint8Array, { owner, amount }: Withdrawal): void {
  const before = validatorOf(view, id);
  const validator = { ...before, leaving: before.leaving - amount };
  const own = delegations.bucket.get(view, [id, owner])!;
  const leaving = own.leaving - 1;
  if (own.shares === 0n && leaving === 0) delegations.bucket.delete(view, [id, owner]);
  else delegations.bucket.put(view, [id, owner], { ...own, leaving });
  const { shares, tombstoned, tokens, commissionDue } = validator;
  const isEmpty = shares === 0n && validator.leaving === 0n && tokens === 0n && commissionDue === 0n;
  if (isEmpty && tombstoned === 0) removeValidator(view, id, before);
  else putValidator(view, id, validator);
}

/** What an owner has to leave in its pool, if it leaves anything: the bond that lets it vote. Others a delegation. */
export function requireRest(view: ReadView, id: Uint8Array, delegator: Uint8Array): void {
  const { owner, tokens, shares } = validatorOf(view, id);
  const rest = delegations.bucket.get(view, [id, delegator])?.shares ?? 0n;
  const { leastBond, leastDelegation } = parametersOf(view);
  const least = equalBytes(owner, delegator) ? leastBond : leastDelegation;
  ensure(
    rest === 0n || (rest * tokens) / shares >= least,
    'what stays is too little: take out all or leave more',
    {
      least,
    },
  );
}
