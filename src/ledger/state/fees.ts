import type { Parameters } from '../parameters.ts';

/**
 * The base fee after a block, in sparks a unit of weight (EIP-1559 in whole numbers): an eighth up at most when blocks
 * are fuller than half, an eighth down when they are emptier, at least one spark's step up.
 */
export function nextBaseFee(base: bigint, weight: number, parameters: Parameters): bigint {
  const target = BigInt(Math.floor(parameters.maxBlockWeight / 2));
  const used = BigInt(weight);
  const change = (base * (used > target ? used - target : target - used)) / target / 8n;
  const next = used > target ? base + (change > 0n ? change : 1n) : base - change;
  return next > parameters.leastFee ? next : parameters.leastFee;
}
