import { type Blame, blame, forkAt, type KeptFork, verifyAll } from '#consensus';

/** What halted nodes have kept of a fork, judged together. */
export interface ForkVerdict {
  readonly height: number;
  /** Ids of the two blocks. */
  readonly blocks: readonly Uint8Array[];
  readonly blame: Blame;
  /** Power of all validators. */
  readonly total: number;
}

/** Undefined when none of the files is there. */
export function blameFork(files: readonly string[]): ForkVerdict | undefined {
  const kept = files.flatMap((file) => forkAt(file) ?? []);
  const [first] = kept;
  if (!first) return undefined;
  const { ours, theirs, validators, chainId } = first;
  const votes = kept.flatMap((fork: KeptFork) => fork.votes);
  return {
    height: ours.height,
    blocks: [ours.block, theirs.block],
    blame: blame({ chainId, validators, commits: [ours, theirs], votes }, verifyAll),
    total: validators.totalPower,
  };
}
