import { equalBytes } from '#base';
import {
  blockId,
  type Certificate,
  decodeBlock,
  type PartSet,
  type Proposal,
  requireCertificate,
  signedProposal,
  signedVote,
  type VerifySignatures,
  type Vote,
} from '../blocks/index.ts';
import { FUTURE_ROUNDS, PAST_ROUNDS } from '../engine/index.ts';
import { ensure } from '../errors.ts';
import type { BlockPart, ConsensusMessage } from '../gossip/index.ts';
import type { HeightRecord, WholeBlock } from '../height-record.ts';

/** Proposals further ahead than this are ignored: they are sent again when the round has come. */
const ROUNDS_AHEAD = 2;
/** Votes of rounds further ahead are counted, but not kept for relaying. */
const ROUNDS_KEPT_AHEAD = 16;
/** Most votes far ahead per validator and height: each is verified and journalled. */
const LEAPS = 64;

export interface MessageIntakeOptions {
  readonly chainId: Uint8Array;
  readonly record: HeightRecord;
  /** Most parts of a block, by the genesis. A proposal that claims more is rejected. */
  readonly maxParts: number;
}

export interface MessageIntakeDependencies {
  readonly verify: VerifySignatures;
  readonly relay: (message: ConsensusMessage) => void;
  /** Two conflicting votes of one validator in one step. */
  readonly onDouble: (first: Vote, second: Vote) => void;
  /** The current round of this node. */
  readonly round: () => number;
  readonly onVote: (vote: Vote) => void;
  readonly onCertificate: (certificate: Certificate) => void;
  /** `whole` is undefined when the parts are not a block. */
  readonly onProposal: (proposal: Proposal, whole: WholeBlock | undefined) => void;
}

/** Processes messages of one height: each is verified, kept and relayed once. */
export class MessageIntake {
  readonly record: HeightRecord;
  readonly #chainId: Uint8Array;
  readonly #maxParts: number;
  readonly #deps: MessageIntakeDependencies;
  readonly #doubles = new Set<string>();
  /** By validator: the furthest round that was too far ahead to be counted, and the number of such votes. */
  readonly #leaps = new Map<number, { round: number; count: number }>();

  constructor(options: MessageIntakeOptions, dependencies: MessageIntakeDependencies) {
    this.record = options.record;
    this.#chainId = options.chainId;
    this.#maxParts = options.maxParts;
    this.#deps = dependencies;
  }

  /**
   * Processes a vote of the previous height. The more precommits a commit has, the better, and the first votes of late
   * validators are archived too. Returns the known vote of the step that this one conflicts with, if any. Throws
   * COMMIT_INVALID when the vote is not signed by its validator.
   */
  static receiveLate(
    vote: Vote,
    record: HeightRecord,
    chainId: Uint8Array,
    verify: VerifySignatures,
  ): Vote | undefined {
    const known = record.votes(vote.round, vote.kind)?.get(vote.validator);
    if (known && equalBytes(known.block, vote.block)) return undefined;
    if (!known && !record.round(vote.round)) return undefined;
    requireVote(vote, record, chainId, verify);
    if (!known) record.addVote(vote);
    return known;
  }

  /** Throws BLOCK_INVALID, COMMIT_INVALID or PROOF_INVALID when the sender is at fault. */
  receive(message: ConsensusMessage): void {
    if (message.type === 'vote') this.#vote(message.value);
    else if (message.type === 'proposal') this.#proposal(message.value);
    else if (message.type === 'certificate') this.#certificate(message.value);
    else this.#part(message.value);
  }

  #vote(vote: Vote): void {
    const { record } = this;
    const known = record.votes(vote.round, vote.kind)?.get(vote.validator);
    if (known && equalBytes(known.block, vote.block)) return;
    const name = `${vote.round}/${vote.kind}/${vote.validator}`;
    if (this.#doubles.has(name) || !this.#isWorthwhile(vote)) return;
    requireVote(vote, record, this.#chainId, this.#deps.verify);
    if (known) {
      this.#doubles.add(name);
      this.#deps.onDouble(known, vote);
    } else if (vote.round <= this.#deps.round() + ROUNDS_KEPT_AHEAD) {
      record.addVote(vote);
      this.#deps.relay({ type: 'vote', value: vote });
    }
    this.#noteLeap(vote);
    this.#deps.onVote(vote);
  }

  #isFarAhead({ round }: Vote): boolean {
    return round > this.#deps.round() + FUTURE_ROUNDS;
  }

  /**
   * Whether a vote can matter. Too far ahead, only the furthest round of each validator does; rounds long past do
   * not.
   */
  #isWorthwhile(vote: Vote): boolean {
    if (vote.round < this.#deps.round() - PAST_ROUNDS && !this.record.round(vote.round)) return false;
    const { round, count } = this.#leaps.get(vote.validator) ?? { round: -1, count: 0 };
    return !this.#isFarAhead(vote) || (vote.round > round && count < LEAPS);
  }

  #noteLeap(vote: Vote): void {
    if (!this.#isFarAhead(vote)) return;
    const count = (this.#leaps.get(vote.validator)?.count ?? 0) + 1;
    this.#leaps.set(vote.validator, { round: vote.round, count });
  }

  /** While fewer than a third are faulty, only one block can have a quorum: the first certificate is enough. */
  #certificate(certificate: Certificate): void {
    const { record } = this;
    if (record.certificate(certificate.round, certificate.kind)) return;
    requireCertificate(certificate, this.#chainId, record.validators, this.#deps.verify);
    record.addCertificate(certificate);
    this.#deps.relay({ type: 'certificate', value: certificate });
    this.#deps.onCertificate(certificate);
  }

  #proposal(proposal: Proposal): void {
    const { record } = this;
    if (proposal.round > this.#deps.round() + ROUNDS_AHEAD || record.round(proposal.round)?.proposal) return;
    ensure(
      proposal.parts <= this.#maxParts,
      'BLOCK_INVALID',
      `a block of this chain has at most ${this.#maxParts} parts`,
      {
        parts: proposal.parts,
      },
    );
    const signed = signedProposal(this.#chainId, proposal, record.validators);
    ensure(
      this.#deps.verify([signed]),
      'BLOCK_INVALID',
      'a proposal is not signed by the proposer of its round',
    );
    record.addProposal(proposal);
    this.#deps.relay({ type: 'proposal', value: proposal });
    const parts = record.partsOf(proposal.round)!;
    if (parts.isComplete) this.#complete(proposal, parts);
  }

  /**
   * A part of a block without a known proposal is not the sender's fault: a proposer may have signed two proposals.
   */
  #part(value: BlockPart): void {
    const parts = this.record.parts(value);
    if (!parts?.add(value.part)) return;
    this.#deps.relay({ type: 'part', value });
    if (!parts.isComplete) return;
    for (const [round, { proposal }] of this.record.rounds()) {
      if (proposal && this.record.partsOf(round) === parts) this.#complete(proposal, parts);
    }
  }

  #complete(proposal: Proposal, parts: PartSet): void {
    const whole = wholeBlockOf(parts.bytes());
    if (whole) this.record.addBlock(whole);
    this.#deps.onProposal(proposal, whole);
  }
}

/** Undefined when the bytes are not a block: the fault of the proposer, not of the peer that relayed it. */
export function wholeBlockOf(bytes: Uint8Array): WholeBlock | undefined {
  try {
    const block = decodeBlock(bytes);
    return { id: blockId(block.header), block, bytes };
  } catch {
    return undefined;
  }
}

/** Throws COMMIT_INVALID when a vote is not signed by its validator. */
export function requireVote(
  vote: Vote,
  record: HeightRecord,
  chainId: Uint8Array,
  verify: VerifySignatures,
): void {
  const signed = signedVote(chainId, vote, record.validators);
  ensure(signed !== undefined && verify([signed]), 'COMMIT_INVALID', 'a vote is not signed by its validator');
}
