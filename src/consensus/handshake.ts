import { BitorchError, equalBytes } from '#base';
import type { Application } from './application/index.ts';
import { ValidatorSet } from './blocks/index.ts';
import type { ChainStore } from './chain-store.ts';
import { replay } from './loop/index.ts';

export interface Beginning {
  /** The network's name. */
  readonly chainId: string;
  readonly time: number;
  /** The genesis file. */
  readonly genesis: Uint8Array;
}

/**
 * Brings store and application to the same height: starts the chain, or replays the blocks that the application had
 * not committed when the process ended. Throws CHAIN_DAMAGED when the two are of different chains or the blocks do
 * not lead to the state.
 */
export async function handshake(
  { chainId, time, genesis }: Beginning,
  { application, store }: { application: Application; store: ChainStore },
): Promise<void> {
  const { height } = await application.info();
  if (height === 0) {
    const { validators, appHash } = await application.initChain({ chainId, time, genesis, initialHeight: 1 });
    const first = ValidatorSet.of(validators);
    // An unfinished snapshot leaves a start without blocks: start over.
    if (store.height <= 0 || store.base > 1) store.begin(appHash, [first, first.next()]);
    else if (!equalBytes(appHash, store.appHash(0)!)) damaged('the blocks belong to another genesis');
  }
  if (height > store.height) damaged('the state is ahead of the blocks');
  const write = async <T>(work: () => T | Promise<T>) => work();
  for (let next = height + 1; next <= store.height; next++) {
    const block = store.block(next) ?? damaged(`block ${next} is missing`);
    await replay(block, { application, store, write });
  }
  const after = await application.info();
  if (after.height > 0 && !equalBytes(after.appHash, store.appHash(after.height)!))
    damaged('the state does not follow from the blocks');
}

function damaged(why: string): never {
  throw new BitorchError(
    'CHAIN_DAMAGED',
    `${why}: move the chain folder away and sync again, but keep last-sign, which guards the validator key`,
  );
}
