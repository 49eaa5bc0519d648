import { equalBytes } from '#base';
import type { Equivocation } from '#ledger';
import { duplicateVote, secondVote, signedVote, type VerifySignatures, type Vote } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store.ts';
import { ensure } from '../errors.ts';

export interface PastVotesDependencies {
  readonly store: Pick<ChainStore, 'validators' | 'commit'>;
  /** The votes of a height in the journals still on disk. */
  readonly journalled: (height: number) => readonly Vote[];
  readonly verify: VerifySignatures;
}

/**
 * Journalled votes cached in memory: those of 200 heights with a hundred validators. A journal counts as one more.
 */
const MAX_AT_HAND = 40_000;

/**
 * Checks votes of past heights. A second vote in one step is an offence until the bond can be withdrawn, and the
 * ledger takes evidence as long. A vote is compared with the journal of its height, if still on disk, and with the
 * commit. Evidence of the first kind has two signatures, of the second kind a whole aggregate.
 */
export class PastVotes {
  readonly #chainId: Uint8Array;
  readonly #maxAtHand: number;
  readonly #deps: PastVotesDependencies;
  readonly #journals = new Map<number, ReadonlyMap<string, Vote>>();
  #atHand = 0;

  constructor(
    { chainId, maxAtHand = MAX_AT_HAND }: { chainId: Uint8Array; maxAtHand?: number },
    dependencies: PastVotesDependencies,
  ) {
    this.#chainId = chainId;
    this.#maxAtHand = maxAtHand;
    this.#deps = dependencies;
  }

  /**
   * The offence that a vote proves together with a known one, if any. Throws COMMIT_INVALID when its validator has
   * not signed it.
   */
  against(vote: Vote): Equivocation | undefined {
    const { store, verify } = this.#deps;
    const validators = store.validators(vote.height);
    if (!validators) return undefined;
    const signed = signedVote(this.#chainId, vote, validators);
    ensure(
      signed !== undefined && verify([signed]),
      'COMMIT_INVALID',
      'a vote is not signed by its validator',
    );
    const known = this.#journal(vote.height).get(nameOf(vote));
    if (known && !equalBytes(known.block, vote.block)) return duplicateVote(known, vote, validators);
    const commit = store.commit(vote.height);
    return commit && secondVote(vote, commit, validators);
  }

  #journal(height: number): ReadonlyMap<string, Vote> {
    const known = this.#journals.get(height);
    if (known) return known;
    const votes = new Map(this.#deps.journalled(height).map((vote) => [nameOf(vote), vote]));
    this.#journals.set(height, votes);
    this.#atHand += 1 + votes.size;
    for (const [oldest, { size }] of this.#journals) {
      if (this.#atHand <= this.#maxAtHand || oldest === height) break;
      this.#journals.delete(oldest);
      this.#atHand -= 1 + size;
    }
    return votes;
  }
}

const nameOf = ({ round, kind, validator }: Vote): string => `${round}/${kind}/${validator}`;
