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
import { PRECOMMIT } from '../constants.ts';
import { FUTURE_ROUNDS, PAST_ROUNDS } from '../engine/index.ts';
import { ensure } from '../errors.ts';
import type { BlockPart, ConsensusMessage } from '../gossip/index.ts';
import type { HeightRecord, WholeBlock } from '../height-record.ts';

/** Proposals of later rounds than this many ahead are not taken: they come again when the round has come. */
const ROUNDS_AHEAD = 2;
/** Votes of rounds further ahead are counted, but not kept to be passed on. */
const ROUNDS_KEPT_AHEAD = 16;
/** How often a validator may say in one height that it is far ahead: each such vote is verified and logged. */
const LEAPS = 64;

export interface MessageIntakeOptions {
  readonly chainId: Uint8Array;
  readonly book: HeightRecord;
  /** Of a block, by the genesis: who claims more makes us keep nothing. */
  readonly maxParts: number;
}

export interface MessageIntakeDependencies {
  readonly verify: VerifySignatures;
  readonly relay: (message: ConsensusMessage) => void;
  /** Two votes of one validator in one step. */
  readonly onDouble: (first: Vote, second: Vote) => void;
  /** Round that this node is in. */
  readonly round: () => number;
  readonly onVote: (vote: Vote) => void;
  readonly onCertificate: (certificate: Certificate) => void;
  /** `whole` is undefined when the parts are no block. */
  readonly onProposal: (proposal: Proposal, whole: WholeBlock | undefined) => void;
}

/** Takes in what peers say of one height: each thing is verified, kept and passed on once. */
export class MessageIntake {
  readonly book: HeightRecord;
  readonly #chainId: Uint8Array;
  readonly #maxParts: number;
  readonly #deps: MessageIntakeDependencies;
  readonly #doubles = new Set<string>();
  /** By validator: the furthest round that counted only as being far ahead, and how many there were. */
  readonly #leaps = new Map<number, { round: number; count: number }>();

  constructor(options: MessageIntakeOptions, dependencies: MessageIntakeDependencies) {
    this.book = options.book;
    this.#chainId = options.chainId;
    this.#maxParts = options.maxParts;
    this.#deps = dependencies;
  }

  /**
   * A vote that comes when its height is over. The more precommits a commit has, the better; one that goes against what is
   * known of its step is given back what it goes against.
   */
  static receiveLate(
    vote: Vote,
    book: HeightRecord,
    chainId: Uint8Array,
    verify: VerifySignatures,
  ): Vote | undefined {
    const known = book.votes(vote.round, vote.kind)?.get(vote.validator);
    if (known && equalBytes(known.block, vote.block)) return undefined;
    if (!known && (vote.kind !== PRECOMMIT || !book.round(vote.round))) return undefined;
    requireVote(vote, book, chainId, verify);
    if (!known) book.addVote(vote);
    return known;
  }

  /** Throws what counts against the sender. */
  receive(message: ConsensusMessage): void {
    if (message.type === 'vote') this.#vote(message.value);
    else if (message.type === 'proposal') this.#proposal(message.value);
    else if (message.type === 'certificate') this.#certificate(message.value);
    else this.#part(message.value);
  }

  #vote(vote: Vote): void {
    const { book } = this;
    const known = book.votes(vote.round, vote.kind)?.get(vote.validator);
    if (known && equalBytes(known.block, vote.block)) return;
    const name = `${vote.round}/${vote.kind}/${vote.validator}`;
    if (this.#doubles.has(name) || !this.#isWorthwhile(vote)) return;
    requireVote(vote, book, this.#chainId, this.#deps.verify);
    if (known) {
      this.#doubles.add(name);
      this.#deps.onDouble(known, vote);
    } else if (vote.round <= this.#deps.round() + ROUNDS_KEPT_AHEAD) {
      book.addVote(vote);
      this.#deps.relay({ type: 'vote', value: vote });
    }
    this.#noteLeap(vote);
    this.#deps.onVote(vote);
  }

  #isFarAhead({ round }: Vote): boolean {
    return round > this.#deps.round() + FUTURE_ROUNDS;
  }

  /** Of rounds that are too far ahead to be counted it matters only how far a validator is; those long past are over. */
  #isWorthwhile(vote: Vote): boolean {
    if (vote.round < this.#deps.round() - PAST_ROUNDS && !this.book.round(vote.round)) return false;
    const { round, count } = this.#leaps.get(vote.validator) ?? { round: -1, count: 0 };
    return !this.#isFarAhead(vote) || (vote.round > round && count < LEAPS);
  }

  #noteLeap(vote: Vote): void {
    if (!this.#isFarAhead(vote)) return;
    const count = (this.#leaps.get(vote.validator)?.count ?? 0) + 1;
    this.#leaps.set(vote.validator, { round: vote.round, count });
  }

  /** There are two thirds for one block only, as long as fewer than a third are bad: the first is enough. */
  #certificate(certificate: Certificate): void {
    const { book } = this;
    if (book.certificate(certificate.round, certificate.kind)) return;
    requireCertificate(certificate, this.#chainId, book.validators, this.#deps.verify);
    book.addCertificate(certificate);
    this.#deps.relay({ type: 'certificate', value: certificate });
    this.#deps.onCertificate(certificate);
  }

  #proposal(proposal: Proposal): void {
    const { book } = this;
    if (proposal.round > this.#deps.round() + ROUNDS_AHEAD || book.round(proposal.round)?.proposal) return;
    ensure(
      proposal.parts <= this.#maxParts,
      'BLOCK_INVALID',
      `a block of this chain has at most ${this.#maxParts} parts`,
      {
        parts: proposal.parts,
      },
    );
    const signed = signedProposal(this.#chainId, proposal, book.validators);
    ensure(
      this.#deps.verify([signed]),
      'BLOCK_INVALID',
      'a proposal is not signed by the proposer of its round',
    );
    book.addProposal(proposal);
    this.#deps.relay({ type: 'proposal', value: proposal });
    const parts = book.partsOf(proposal.round)!;
    if (parts.isComplete) this.#complete(proposal, parts);
  }

  /** A part of a block that no proposal here names is nobody's fault: a proposer may have made two proposals. */
  #part(value: BlockPart): void {
    const parts = this.book.parts(value);
    if (!parts?.add(value.part)) return;
    this.#deps.relay({ type: 'part', value });
    if (!parts.isComplete) return;
    for (const [round, { proposal }] of this.book.rounds()) {
      if (proposal && this.book.partsOf(round) === parts) this.#complete(proposal, parts);
    }
  }

  #complete(proposal: Proposal, parts: PartSet): void {
    const whole = wholeBlockOf(parts.bytes());
    if (whole) this.book.addBlock(whole);
    this.#deps.onProposal(proposal, whole);
  }
}

/** Undefined when the bytes are no block: the fault of the proposer, not of the peer that passed it on. */
export function wholeBlockOf(bytes: Uint8Array): WholeBlock | undefined {
  try {
    const block = decodeBlock(bytes);
    return { id: blockId(block.header), block, bytes };
  } catch {
    return undefined;
  }
}

/** Throws COMMIT_INVALID for a vote that is not of its validator. */
export function requireVote(
  vote: Vote,
  book: HeightRecord,
  chainId: Uint8Array,
  verify: VerifySignatures,
): void {
  const signed = signedVote(chainId, vote, book.validators);
  ensure(signed !== undefined && verify([signed]), 'COMMIT_INVALID', 'a vote is not signed by its validator');
}
