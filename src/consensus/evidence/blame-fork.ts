import { BitorchError } from '#base';
import { verifyAll } from '../blocks/index.ts';
import { type Blame, blame } from './blame.ts';
import { forkAt, type KeptFork } from './kept-fork.ts';

/** What halted nodes have kept of a fork, judged together. */
export interface ForkVerdict {
  readonly height: number;
  /** Ids of the two blocks. */
  readonly blocks: readonly Uint8Array[];
  readonly blame: Blame;
  /** Power of all validators. */
  readonly total: number;
}

/** Judges the lowest height that any of these files is about. Throws FORK_MISSING for one that is not there. */
export function blameFork(files: readonly [string, ...string[]]): ForkVerdict {
  const kept = files.map(readFork).sort((a, b) => a.ours.height - b.ours.height);
  const [first] = kept as [KeptFork, ...KeptFork[]];
  const { ours, theirs, validators, chainId } = first;
  const votes = kept.flatMap((fork) => fork.votes);
  return {
    height: ours.height,
    blocks: [ours.block, theirs.block],
    blame: blame({ chainId, validators, commits: [ours, theirs], votes }, verifyAll),
    total: validators.totalPower,
  };
}

function readFork(file: string): KeptFork {
  const fork = forkAt(file);
  if (fork) return fork;
  throw new BitorchError('FORK_MISSING', `${file} does not exist: pass the "fork" files of halted nodes`);
}
