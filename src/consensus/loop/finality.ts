import { BitorchError, equalBytes } from '#base';
import { hasBit } from '#ledger';
import type { Application, BlockRequest, FinalizeBlockResult, LastCommit } from '../application/index.ts';
import { type Block, blockId, type Commit, type ValidatorSet } from '../blocks/index.ts';
import type { ChainStore, Decided } from '../chain-store.ts';

/** A final block as listeners receive it: stored, applied and never reverted. */
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
  /** Runs a write, and repeats it while the disk is full. */
  readonly write: <T>(write: () => T | Promise<T>) => Promise<T>;
}

/**
 * Applies a decided block. It is stored before the application's state is written; after a crash in between,
 * `replay` applies it again.
 */
export async function finalize(
  decided: Omit<Decided, 'appHash' | 'validators'>,
  { application, store, write }: FinalityDependencies,
): Promise<FinalBlock> {
  const { block, commit } = decided;
  const { height } = block.header;
  const result = await application.finalizeBlock(requestOf(block, store.validators(height - 1)));
  const { appHash, results } = result;
  const validators = store.validators(height + 1)!.next(result.validatorUpdates);
  await write(() => store.append({ ...decided, appHash, validators }));
  await write(() => application.commit());
  return { id: commit.block, block, commit, appHash, results };
}

/**
 * Applies a stored block to an application that has not seen it. Throws APP_HASH_DIFFERS when the result differs.
 */
export async function replay(block: Block, deps: FinalityDependencies): Promise<void> {
  const { application, store, write } = deps;
  const { height } = block.header;
  const { appHash } = await application.finalizeBlock(requestOf(block, store.validators(height - 1)));
  if (!equalBytes(appHash, store.appHash(height)!)) {
    throw new BitorchError(
      'APP_HASH_DIFFERS',
      `block ${height} gives another state than before: the data directory is damaged, sync again`,
    );
  }
  await write(() => application.commit());
}

/** The application's view of a block. */
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
