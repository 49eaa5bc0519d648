import type { SigningKey } from '#crypto';
import { type Ballot, ballotBytes, type Proposal, proposalBytes, type Vote } from './blocks/index.ts';
import { type LastSign, PROPOSAL } from './journal/index.ts';

/** A consensus key behind the guard against double signing. */
export class Validator {
  readonly #chainId: Uint8Array;
  readonly #key: SigningKey;
  readonly #guard: LastSign;

  constructor(chainId: Uint8Array, dependencies: { key: SigningKey; guard: LastSign }) {
    this.#chainId = chainId;
    this.#key = dependencies.key;
    this.#guard = dependencies.guard;
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /**
   * Signs a vote; the signature is recorded before it is returned. Throws DOUBLE_SIGN_REFUSED when the step is an
   * earlier one or has another vote, JOURNAL_FULL when the record cannot be written.
   */
  signVote({ height, round, kind, block }: Ballot, place: number): Vote {
    const ballot = { height, round, kind, block };
    const bytes = ballotBytes(this.#chainId, ballot);
    const signature = this.#guard.sign({ height, round, step: kind, bytes }, () =>
      this.#key.sign('vote', bytes),
    );
    return { ...ballot, validator: place, signature };
  }

  /** Signs a proposal, as `signVote`. */
  signProposal(proposal: Omit<Proposal, 'signature'>): Proposal {
    const { height, round } = proposal;
    const bytes = proposalBytes(this.#chainId, proposal);
    const signature = this.#guard.sign({ height, round, step: PROPOSAL, bytes }, () =>
      this.#key.sign('proposal', bytes),
    );
    return { ...proposal, signature };
  }
}
