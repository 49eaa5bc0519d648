import {
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
export function endEpoch(draft: Draft): void {
  const { view, parameters } = draft;
  const emission = emissionOf(supplyRecord.bucket.get(view, null)!.minted, parameters);
  rewardValidators(draft, part(emission, parameters.validatorPart));
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

/** Each active validator's pool grows by its part; the commission is paid to its owner. */
function rewardValidators(draft: Draft, pool: bigint): void {
  const active = [...validators.bucket.entries(draft.view)].filter(([, validator]) => isActive(validator));
  const total = active.reduce((sum, [, { tokens }]) => sum + tokens, 0n);
  if (total === 0n) return;
  for (const [id, validator] of active)
    rewardValidator(draft, id, validator, (pool * validator.tokens) / total);
}

function rewardValidator(draft: Draft, id: Uint8Array, validator: Validator, amount: bigint): void {
  const commission = part(amount, validator.commission);
  draft.mint(amount);
  reward(draft.view, id, amount - commission);
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
