import { BitorchError } from '#base';
import type { Supply } from '../buckets.ts';
import type { SupplyFlow } from './draft.ts';

/**
 * The supply invariant (turnstile): minted = burned + shielded + open, and none of them negative. `opened` is the growth of all
 * account balances in sparks, summed from their records and so independent of what actions declared. Throws SUPPLY_BROKEN when
 * the invariant fails; such a block must not be committed.
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
    throw new BitorchError('SUPPLY_BROKEN', 'money was created or lost: this block must not be committed', {
      supply,
      next,
    });
  }
  return next;
}
