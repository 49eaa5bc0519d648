import { equalBytes, toHex } from '#base';
import type { Application } from '../application/index.ts';
import {
  type Block,
  type Commit,
  type Proposal,
  requireCommit,
  requireNext,
  type VerifySignatures,
} from '../blocks/index.ts';
import { DEFAULT_SYNCHRONY, isTimely, type Verdict } from '../engine/index.ts';
import { ensure } from '../errors.ts';
import type { WholeBlock } from '../height-record.ts';
import { requestOf } from './finality.ts';
import type { Tip } from './tip.ts';

export interface ProposalValidatorDependencies {
  readonly application: Application;
  readonly verify: VerifySignatures;
  /** This node's clock, in ms since epoch. */
  readonly now: () => number;
}

export interface ProposalValidatorOptions {
  /** Largest difference accepted between a proposal's time and our clock, in ms. */
  readonly clockToleranceMs: number;
}

/** Verifies the proposals of one height. */
export class ProposalValidator {
  readonly #tip: Tip;
  readonly #options: ProposalValidatorOptions;
  readonly #deps: ProposalValidatorDependencies;
  readonly #valid = new Map<string, boolean>();

  constructor(
    options: ProposalValidatorOptions & { readonly tip: Tip },
    dependencies: ProposalValidatorDependencies,
  ) {
    this.#tip = options.tip;
    this.#options = options;
    this.#deps = dependencies;
  }

  /**
   * Verifies a proposal. Proposer-based timestamps: a new block whose time is too far from our clock is not voted
   * for; a block that is proposed again has passed that check elsewhere.
   */
  async check(proposal: Proposal, whole: WholeBlock): Promise<Verdict> {
    const { block } = whole;
    const { header } = block;
    const receivedAt = this.#deps.now();
    if (!equalBytes(whole.id, proposal.block) || header.time !== proposal.time) return 'invalid';
    if (proposal.validRound === -1) {
      const { key } = this.#tip.validators.proposer(proposal.round);
      if (!equalBytes(header.proposer, key)) return 'invalid';
    }
    const name = toHex(whole.id);
    const valid = this.#valid.get(name) ?? (await this.#isValid(whole));
    this.#valid.set(name, valid);
    if (!valid) return 'invalid';
    if (proposal.validRound >= 0) return 'valid';
    const synchrony = { ...DEFAULT_SYNCHRONY, precision: this.#options.clockToleranceMs };
    return isTimely(proposal, receivedAt, synchrony) ? 'valid' : 'untimely';
  }

  /**
   * The commit in a block, if it decides another previous block than ours: at least a third has signed twice, and
   * the chain has forked.
   */
  contradiction({ header, lastCommit }: Block): Commit | undefined {
    const { chainId, height, previous, lastValidators } = this.#tip;
    if (header.height !== height || !lastCommit || !lastValidators) return undefined;
    if (lastCommit.height !== height - 1 || equalBytes(lastCommit.block, previous)) return undefined;
    try {
      requireCommit(lastCommit, chainId, lastValidators, this.#deps.verify);
      return lastCommit;
    } catch {
      return undefined;
    }
  }

  /** A block known to be decided need not be accepted by the application: it must be applied. */
  requireDecided(block: Block): void {
    requireNext(block.header, this.#tip);
  }

  async #isValid({ block }: WholeBlock): Promise<boolean> {
    try {
      requireNext(block.header, this.#tip);
      this.#requireLastCommit(block);
    } catch {
      return false;
    }
    return this.#deps.application.processProposal(requestOf(block, this.#tip.lastValidators));
  }

  #requireLastCommit({ lastCommit }: Block): void {
    const { chainId, height, previous, lastValidators } = this.#tip;
    const due = lastValidators !== undefined;
    ensure(due === (lastCommit !== undefined), 'BLOCK_INVALID', 'the last commit is missing or unexpected');
    if (!lastCommit || !lastValidators) return;
    ensure(
      lastCommit.height === height - 1 && equalBytes(lastCommit.block, previous),
      'BLOCK_INVALID',
      'the last commit is not of the previous block',
    );
    requireCommit(lastCommit, chainId, lastValidators, this.#deps.verify);
  }
}
