import type { Parameters } from '../parameters.ts';

/**
 * The base fee after a block, in sparks per unit of weight (EIP-1559 in integers). Rises by at most 1/8, and at least one spark,
 * when the block is more than half full; falls by at most 1/8 when it is less; never below `leastFee`. It cannot outgrow an
 * amount: the weight that raises it has paid the fee before, out of the supply.
 *
 * @param demand weight of the transactions that paid
 */
export function nextBaseFee(base: bigint, demand: number, parameters: Parameters): bigint {
  const target = BigInt(Math.floor(parameters.maxBlockWeight / 2));
  const used = BigInt(demand);
  const change = (base * (used > target ? used - target : target - used)) / target / 8n;
  const next = used > target ? base + (change > 0n ? change : 1n) : base - change;
  return next > parameters.leastFee ? next : parameters.leastFee;
}
