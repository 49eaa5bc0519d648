import { BitorchError, equalBytes } from '#base';
import { hasBit } from '#ledger';
import type { Application, BlockRequest, FinalizeBlockResult, LastCommit } from '../application/index.ts';
import { type Block, blockId, type Commit, type ValidatorSet } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store/index.ts';

/** A block that is final, as listeners hear of it: stored, applied, and never taken back. */
export interface FinalBlock {
  readonly id: Uint8Array;
  readonly block: Block;
  readonly commit: Commit;
  readonly appHash: Uint8Array;
  readonly results: FinalizeBlockResult['results'];
}

export interface FinalityDependencies {
  readonly application: Application;
  readonly store: ChainStore;
  /** Does a write, again while the disk is full. */
  readonly write: <T>(write: () => T | Promise<T>) => Promise<T>;
}

/**
 * Applies a decided block. The store has it before the application's state is written: after a crash in between, `replay`
 * hands it to the application again.
 */
export async function finalize(
  block: Block,
  commit: Commit,
  deps: FinalityDependencies,
): Promise<FinalBlock> {
  const { application, store, write } = deps;
  const { height } = block.header;
  const result = await application.finalizeBlock(requestOf(block, store.validators(height - 1)));
  const { appHash, results } = result;
  const validators = store.validators(height + 1)!.next(result.validatorUpdates);
  await write(() => store.append({ block, commit, appHash, validators }));
  await write(() => application.commit());
  return { id: commit.block, block, commit, appHash, results };
}

/** Hands a stored block to an application that has not seen it. Throws APP_HASH_DIFFERS when it does not come out the same. */
export async function replay(block: Block, deps: FinalityDependencies): Promise<void> {
  const { application, store, write } = deps;
  const { height } = block.header;
  const { appHash } = await application.finalizeBlock(requestOf(block, store.validators(height - 1)));
  if (!equalBytes(appHash, store.appHash(height)!)) {
    throw new BitorchError(
      'APP_HASH_DIFFERS',
      `block ${height} gives another state than it did: the data directory is damaged, sync it anew`,
    );
  }
  await write(() => application.commit());
}

/** What the application is told of a block. */
export function requestOf(block: Block, lastValidators: ValidatorSet | undefined): BlockRequest {
  const { header, transactions, lastCommit } = block;
  const { height, time, proposer } = header;
  return {
    height,
    time,
    proposer,
    transactions,
    blockId: blockId(header),
    lastCommit: lastCommitOf(lastCommit, lastValidators),
    misbehavior: [],
  };
}

function lastCommitOf(commit: Commit | undefined, validators: ValidatorSet | undefined): LastCommit {
  if (!commit || !validators) return { round: 0, votes: [] };
  const votes = validators.validators.map(({ key, power }, place) => ({
    validator: key,
    power,
    flag: hasBit(commit.present, place) ? ('commit' as const) : ('absent' as const),
  }));
  return { round: commit.round, votes };
}
