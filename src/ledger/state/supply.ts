import { BitorchError } from '#base';
import type { Supply } from './buckets.ts';
import type { SupplyFlow } from './draft.ts';

/**
 * The turnstile: minted = burned + shielded + open, always, and none of them below zero. `opened` is what the balances
 * of all accounts grew by, added up from their records and so independent of the flows that actions declared.
 *
 * @throws BitorchError `SUPPLY_BROKEN`: no block may go on from there
 */
export function nextSupply(supply: Supply, flow: SupplyFlow, opened: bigint): Supply {
  const next = {
    minted: supply.minted + flow.minted,
    burned: supply.burned + flow.burned,
    shielded: supply.shielded + flow.shielded,
    open: supply.open + opened,
  };
  const sums = Object.values(next);
  const broken = next.minted !== next.burned + next.shielded + next.open;
  if (broken || sums.some((sum) => sum < 0n || sum >= 2n ** 64n)) {
    throw new BitorchError('SUPPLY_BROKEN', 'money was made or lost: this block must not be', {
      supply,
      next,
    });
  }
  return next;
}
