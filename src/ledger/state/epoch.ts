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

/** New money of an epoch, in sparks: a fixed part of what is not yet minted (Monero's curve), never below the tail. */
export function emissionOf(minted: bigint, parameters: Parameters): bigint {
  const left = parameters.supplyCap > minted ? parameters.supplyCap - minted : 0n;
  const falling = left >> BigInt(parameters.emissionShift);
  return falling > parameters.tailEmission ? falling : parameters.tailEmission;
}

/** At the last block of an epoch: emission into its pools, and rewards. What is paid out waits in queues. */
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

/** In proportion to power over all blocks of the epoch; whoever is jailed or out at its end gets nothing. */
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
 * The pool grows, the commission is the owner's. One that works without a bond, as the first validators do, gets it as the
 * first bond of its owner: so the first money comes into the world.
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
 * The work reward is shared in proportion to what nodes' settlements burned, and is no more than a part of that: settling
 * with oneself costs more than it brings. What nobody took of the one before is burned.
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
