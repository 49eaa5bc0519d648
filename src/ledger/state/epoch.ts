import {
  delegate,
  epochOf,
  partOf,
  poolsRecord,
  putValidator,
  reward,
  schedule,
  supplyRecord,
  type Validator,
  validatorOf,
  validators,
  workRecord,
} from '../accounts/index.ts';
import type { Parameters } from '../parameters.ts';
import type { Draft } from './draft.ts';
import { takeTenures } from './tenure.ts';

/** Emission of an epoch, in sparks: a fixed fraction of the unminted supply (Monero's curve), at least the tail emission. */
export function emissionOf(minted: bigint, parameters: Parameters): bigint {
  const left = parameters.supplyCap > minted ? parameters.supplyCap - minted : 0n;
  const falling = left >> BigInt(parameters.emissionShift);
  return falling > parameters.tailEmission ? falling : parameters.tailEmission;
}

/** Runs at the last block of an epoch: mints the emission into pools and rewards. Payouts wait in queues. */
export function endEpoch(draft: Draft): void {
  const { view, parameters } = draft;
  const emission = emissionOf(supplyRecord.bucket.get(view, null)!.minted, parameters);
  rewardValidators(draft, partOf(emission, parameters.validatorPart));
  rewardWork(draft, partOf(emission, parameters.workPart));
  const pools = poolsRecord.bucket.get(view, null)!;
  const added = {
    seeding: partOf(emission, parameters.seedingPart),
    security: partOf(emission, parameters.securityPart),
    treasury: partOf(emission, parameters.treasuryPart),
  };
  draft.mint(added.seeding + added.security + added.treasury);
  poolsRecord.bucket.put(view, null, {
    seeding: pools.seeding + added.seeding,
    security: pools.security + added.security,
    treasury: pools.treasury + added.treasury,
  });
}

/** In proportion to voting power over all blocks of the epoch; validators jailed or removed at its end get nothing. */
function rewardValidators(draft: Draft, pool: bigint): void {
  const tenures = takeTenures(draft.view, draft.height);
  const total = tenures.reduce((sum, { served }) => sum + served, 0n);
  if (total === 0n) return;
  for (const { key, served } of tenures) {
    const validator = validators.bucket.get(draft.view, key);
    if (!validator || validator.jailedUntil > 0 || validator.tombstoned > 0) continue;
    rewardValidator(draft, key, validator, (pool * served) / total);
  }
}

/**
 * Adds the reward to the pool, less the commission for the owner. A validator without a bond, as at genesis, receives it as its
 * owner's first bond: this is how the first money is created.
 */
function rewardValidator(draft: Draft, id: Uint8Array, validator: Validator, amount: bigint): void {
  const { view, height } = draft;
  const commission = partOf(amount, validator.commission);
  const rest = amount - commission;
  draft.mint(amount);
  if (validator.shares > 0n) reward(view, id, rest);
  else if (rest > 0n) delegate(view, id, validator.owner, rest);
  if (commission === 0n) return;
  const { commissionDue, ...record } = validatorOf(view, id);
  putValidator(view, id, { ...record, commissionDue: commissionDue + commission });
  schedule(view, 'commission', height, id);
}

/**
 * Sets the work reward, to be shared in proportion to what each node's settlements burned. It is less than the total burned, so
 * settling with oneself costs more than it earns. The unclaimed rest of the previous reward is burned.
 */
function rewardWork(draft: Draft, pool: bigint): void {
  const { view, height, parameters } = draft;
  const { burned, left } = workRecord.bucket.get(view, null)!;
  const limit = partOf(burned, parameters.workRewardLimit);
  const reward = pool < limit ? pool : limit;
  draft.burn(left);
  draft.mint(reward);
  const epoch = epochOf(height, parameters);
  workRecord.bucket.put(view, null, { burned: 0n, epoch, base: burned, reward, left: reward });
}
