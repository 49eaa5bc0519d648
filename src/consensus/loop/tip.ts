import type { Tip as BlockTip, Commit, ValidatorSet } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store/index.ts';
import { NIL } from '../constants.ts';

/** Where the chain stands, for the one who decides its next block. */
export interface Tip extends BlockTip {
  /** What decided the block before, and who voted on it; undefined at the first height. */
  readonly lastCommit: Commit | undefined;
  readonly lastValidators: ValidatorSet | undefined;
}

/**
 * The tip of a stored chain, whose first block is no earlier than `begins`, milliseconds since epoch. `begin` has to have been
 * called on the store.
 */
export function tipOf(store: ChainStore, chainId: Uint8Array, begins = 0): Tip {
  const { height } = store;
  const last = store.summary(height);
  return {
    chainId,
    height: height + 1,
    previous: last?.id ?? NIL,
    previousTime: last?.header.time ?? Math.max(0, begins - 1),
    validators: store.validators(height + 1)!,
    nextValidators: store.validators(height + 2)!,
    appHash: store.appHash(height)!,
    lastCommit: store.commit(height),
    lastValidators: store.validators(height),
  };
}
