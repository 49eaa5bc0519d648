import { DEFAULT_PARAMETERS, type Equivocation } from '#ledger';
import { secondVote, secondVoteIn, signedVote, type VerifySignatures, type Vote } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store.ts';
import { ensure } from '../errors.ts';

export interface PastVotesOptions {
  readonly chainId: Uint8Array;
  /** The ledger's `unbondingBlocks`: how long it takes evidence, in blocks. */
  readonly evidenceBlocks?: number | undefined;
}

export interface PastVotesDependencies {
  readonly store: Pick<ChainStore, 'height' | 'validators' | 'commit' | 'votes'>;
  readonly verify: VerifySignatures;
  /** Whether a validator was already accused of two votes in the step of a vote. */
  readonly isAccused?: (vote: Vote, signer: Uint8Array) => boolean;
}

/**
 * Checks votes of past heights. A second vote in one step is an offence until the bond can be withdrawn; the ledger takes
 * evidence as long, and first votes are archived as long. A vote is compared with the archived votes of its step and, if it is
 * a precommit, with the commit of its height.
 */
export class PastVotes {
  readonly #chainId: Uint8Array;
  readonly #evidenceBlocks: number;
  readonly #deps: PastVotesDependencies;

  constructor(
    { chainId, evidenceBlocks = DEFAULT_PARAMETERS.unbondingBlocks }: PastVotesOptions,
    dependencies: PastVotesDependencies,
  ) {
    this.#chainId = chainId;
    this.#evidenceBlocks = evidenceBlocks;
    this.#deps = dependencies;
  }

  /** The lowest height of which a block at this height takes evidence. */
  firstHeight(at: number): number {
    return at - this.#evidenceBlocks + 1;
  }

  /**
   * The offence that a vote proves together with a known one, if any. Reads nothing for a vote that is too old, and no votes
   * before the signature is verified. Throws COMMIT_INVALID when its validator has not signed it.
   */
  against(vote: Vote): Equivocation | undefined {
    const { store, verify, isAccused } = this.#deps;
    if (vote.height < this.firstHeight(store.height + 1)) return undefined;
    const validators = store.validators(vote.height);
    if (!validators) return undefined;
    const signed = signedVote(this.#chainId, vote, validators);
    if (signed && isAccused?.(vote, validators.at(vote.validator)!.key)) return undefined;
    ensure(
      signed !== undefined && verify([signed]),
      'COMMIT_INVALID',
      'a vote is not signed by its validator',
    );
    const second = secondVoteIn(store.votes(vote), vote, validators);
    if (second) return second;
    const commit = store.commit(vote.height);
    return commit && secondVote(vote, commit, validators);
  }
}
