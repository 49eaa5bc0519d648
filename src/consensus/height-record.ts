import { equalBytes, toHex } from '#base';
import {
  type Block,
  type Certificate,
  certificateOf,
  isNil,
  PartSet,
  type PartsHeader,
  type Proposal,
  type ValidatorSet,
  type Vote,
  votesOf,
} from './blocks/index.ts';
import { PRECOMMIT, PREVOTE } from './constants.ts';

/** What was gathered of one round. */
export interface RoundRecord {
  proposal: Proposal | undefined;
  readonly prevotes: Map<number, Vote>;
  readonly precommits: Map<number, Vote>;
}

/** A block as it came, whole. */
export interface WholeBlock {
  readonly id: Uint8Array;
  readonly block: Block;
  readonly bytes: Uint8Array;
}

/** All that a node has gathered of one height: proposals, blocks, votes. What gossip passes on is read from here. */
export class HeightRecord {
  readonly height: number;
  readonly validators: ValidatorSet;
  /** When the first proposal of the height was seen or made here, by the clock of `performance`. */
  firstSeen: number | undefined;
  readonly #rounds = new Map<number, RoundRecord>();
  readonly #parts = new Map<string, PartSet>();
  readonly #blocks = new Map<string, WholeBlock>();
  readonly #certificates = new Map<string, Certificate>();

  constructor(height: number, validators: ValidatorSet) {
    this.height = height;
    this.validators = validators;
  }

  rounds(): Iterable<[number, RoundRecord]> {
    return this.#rounds;
  }

  round(round: number): RoundRecord | undefined {
    return this.#rounds.get(round);
  }

  /** The votes of one step, by the validator's place. */
  votes(round: number, kind: Vote['kind']): ReadonlyMap<number, Vote> | undefined {
    const book = this.#rounds.get(round);
    return kind === PREVOTE ? book?.prevotes : book?.precommits;
  }

  /** `new`, `known`, or `conflict` when the same validator voted otherwise: the first vote stays. */
  addVote(vote: Vote): 'new' | 'known' | 'conflict' {
    const book = this.#open(vote.round);
    const votes = vote.kind === PREVOTE ? book.prevotes : book.precommits;
    const known = votes.get(vote.validator);
    if (known) return equalBytes(known.block, vote.block) ? 'known' : 'conflict';
    votes.set(vote.validator, vote);
    return 'new';
  }

  /** Keeps votes of more than two thirds that were verified: together, for they prove more than one by one. */
  addCertificate(certificate: Certificate): void {
    const name = certificateName(certificate.round, certificate.kind);
    if (!this.#certificates.has(name)) this.#certificates.set(name, certificate);
    for (const vote of votesOf(certificate)) this.addVote(vote);
  }

  /** The votes of more than two thirds for one block in a step, as they came together or one by one. */
  certificate(round: number, kind: Vote['kind']): Certificate | undefined {
    const name = certificateName(round, kind);
    const found =
      this.#certificates.get(name) ?? this.#certify([...(this.votes(round, kind)?.values() ?? [])]);
    if (found) this.#certificates.set(name, found);
    return found;
  }

  /** False when there is a proposal of this round already. */
  addProposal(proposal: Proposal): boolean {
    const book = this.#open(proposal.round);
    if (book.proposal) return false;
    book.proposal = proposal;
    this.firstSeen ??= performance.now();
    const header = { root: proposal.partsRoot, total: proposal.parts };
    const name = partsName(header);
    if (!this.#parts.has(name)) this.#parts.set(name, new PartSet(header));
    return true;
  }

  /** The parts of a round's proposal, those that are here. */
  partsOf(round: number): PartSet | undefined {
    const proposal = this.#rounds.get(round)?.proposal;
    return proposal && this.parts({ root: proposal.partsRoot, total: proposal.parts });
  }

  /** Those parts of a block that are here; undefined when no proposal names them. */
  parts(header: PartsHeader): PartSet | undefined {
    return this.#parts.get(partsName(header));
  }

  /** Keeps a block that is whole. */
  addBlock(whole: WholeBlock): void {
    this.#blocks.set(toHex(whole.id), whole);
  }

  block(id: Uint8Array): WholeBlock | undefined {
    return this.#blocks.get(toHex(id));
  }

  /** Precommits for a block in a round, with their power. */
  precommitsFor(round: number, block: Uint8Array): { votes: Vote[]; power: number } {
    const votes = [...(this.votes(round, PRECOMMIT)?.values() ?? [])].filter((vote) =>
      equalBytes(vote.block, block),
    );
    return { votes, power: this.#powerOf(votes) };
  }

  #certify(votes: readonly Vote[]): Certificate | undefined {
    if (!this.validators.isQuorum(this.#powerOf(votes))) return undefined;
    for (const same of Map.groupBy(votes, ({ block }) => toHex(block)).values()) {
      if (!isNil(same[0]!.block) && this.validators.isQuorum(this.#powerOf(same))) return certificateOf(same);
    }
    return undefined;
  }

  #powerOf(votes: readonly Vote[]): number {
    return votes.reduce((sum, { validator }) => sum + this.validators.at(validator)!.power, 0);
  }

  #open(round: number): RoundRecord {
    const book = this.#rounds.get(round) ?? {
      proposal: undefined,
      prevotes: new Map(),
      precommits: new Map(),
    };
    this.#rounds.set(round, book);
    return book;
  }
}

/** By number too: one root with two numbers is two blocks, of which one at most can be whole. */
const partsName = ({ root, total }: PartsHeader): string => `${toHex(root)}/${total}`;
const certificateName = (round: number, kind: Vote['kind']): string => `${round}/${kind}`;
