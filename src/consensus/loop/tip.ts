import type { Tip as BlockTip, Commit, ValidatorSet } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store.ts';
import { NIL } from '../constants.ts';

/** The end of the chain, as needed to decide the next block. */
export interface Tip extends BlockTip {
  /** The commit of the previous block, and its validators; undefined at the first height. */
  readonly lastCommit: Commit | undefined;
  readonly lastValidators: ValidatorSet | undefined;
}

/**
 * The tip of a stored chain whose first block is no earlier than `begins`, in ms since epoch. The store must have
 * been started with `begin`.
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
