import {
  delegate,
  isActive,
  nodes,
  poolsRecord,
  reward,
  type ServiceNode,
  supplyRecord,
  type Validator,
  validators,
} from '../accounts/index.ts';
import { WHOLE } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import type { Draft } from './draft.ts';

const part = (amount: bigint, fraction: number): bigint => (amount * BigInt(fraction)) / BigInt(WHOLE);

/** New money of an epoch, in sparks: a fixed part of what is not yet minted (Monero's curve), never below the tail. */
export function emissionOf(minted: bigint, parameters: Parameters): bigint {
  const left = parameters.supplyCap > minted ? parameters.supplyCap - minted : 0n;
  const falling = left >> BigInt(parameters.emissionShift);
  return falling > parameters.tailEmission ? falling : parameters.tailEmission;
}

/** At the last block of an epoch: emission into its pools, rewards, and payment of what nodes have earned. */
export function endEpoch(draft: Draft, powers?: readonly Share[]): void {
  const { view, parameters } = draft;
  const emission = emissionOf(supplyRecord.bucket.get(view, null)!.minted, parameters);
  rewardValidators(draft, part(emission, parameters.validatorPart), powers);
  payNodes(draft, part(emission, parameters.workPart));
  const pools = poolsRecord.bucket.get(view, null)!;
  const added = {
    seeding: part(emission, parameters.seedingPart),
    security: part(emission, parameters.securityPart),
    treasury: part(emission, parameters.treasuryPart),
  };
  draft.mint(added.seeding + added.security + added.treasury);
  poolsRecord.bucket.put(view, null, {
    seeding: pools.seeding + added.seeding,
    security: pools.security + added.security,
    treasury: pools.treasury + added.treasury,
  });
}

/** Who takes part in consensus, and with how much of it. */
export interface Share {
  readonly key: Uint8Array;
  readonly power: number;
}

/** In proportion to power; where consensus says nothing of power, to the tokens of those at work. */
function rewardValidators(draft: Draft, pool: bigint, powers: readonly Share[] | undefined): void {
  const weights = powers
    ? powers.map(({ key, power }) => ({ key, weight: BigInt(power) }))
    : [...validators.bucket.entries(draft.view)]
        .filter(([, validator]) => isActive(validator))
        .map(([key, { tokens }]) => ({ key, weight: tokens }));
  const total = weights.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return;
  for (const { key, weight } of weights) {
    const validator = validators.bucket.get(draft.view, key);
    if (!validator || validator.jailedUntil > 0 || validator.tombstoned > 0) continue;
    rewardValidator(draft, key, validator, (pool * weight) / total);
  }
}

/**
 * The pool grows, the commission is paid to the owner. One that works without a bond, as the first validators do, gets
 * it as the first bond of its owner: so the first money comes into the world.
 */
function rewardValidator(draft: Draft, id: Uint8Array, validator: Validator, amount: bigint): void {
  const commission = part(amount, validator.commission);
  draft.mint(amount);
  if (validator.shares > 0n) reward(draft.view, id, amount - commission);
  else delegate(draft.view, id, validator.owner, amount - commission);
  draft.pay(validator.payout, commission);
}

/**
 * The work pool is shared in proportion to what nodes' settlements burned, and no node gets more than a part of what
 * its own burned: settling with oneself costs more than it brings.
 */
function payNodes(draft: Draft, pool: bigint): void {
  const all = [...nodes.bucket.entries(draft.view)].filter(
    ([, node]) => node.earned > 0n || node.held.length > 0,
  );
  const burned = all.reduce((sum, [, node]) => sum + node.burned, 0n);
  for (const [id, node] of all) {
    const share = burned === 0n ? 0n : (pool * node.burned) / burned;
    const limit = part(node.burned, draft.parameters.workRewardLimit);
    payNode(draft, id, node, share < limit ? share : limit);
  }
}

function payNode(draft: Draft, id: Uint8Array, node: ServiceNode, subsidy: bigint): void {
  const { view, height, parameters } = draft;
  const epoch = Math.floor(height / parameters.epochBlocks);
  const income = node.earned + subsidy;
  const kept = part(income, parameters.holdback);
  const held =
    kept > 0n ? [...node.held, { epoch: epoch + parameters.holdbackEpochs, amount: kept }] : node.held;
  const due = held.filter((entry) => entry.epoch <= epoch).reduce((sum, entry) => sum + entry.amount, 0n);
  draft.mint(subsidy);
  nodes.bucket.put(view, id, {
    ...node,
    earned: 0n,
    burned: 0n,
    held: held.filter((entry) => entry.epoch > epoch),
  });
  draft.pay(node.payout, income - kept + due);
}
