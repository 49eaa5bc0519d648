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

/** What was collected in one round. */
export interface RoundRecord {
  proposal: Proposal | undefined;
  readonly prevotes: Map<number, Vote>;
  readonly precommits: Map<number, Vote>;
}

/** A complete block, as received. */
export interface WholeBlock {
  readonly id: Uint8Array;
  readonly block: Block;
  readonly bytes: Uint8Array;
}

/** Everything that a node has collected at one height: proposals, blocks, votes. Gossip sends from it. */
export class HeightRecord {
  readonly height: number;
  readonly validators: ValidatorSet;
  /** When the first proposal of the height was seen or made, by `performance.now()`. */
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

  /** The votes of one step, by place. */
  votes(round: number, kind: Vote['kind']): ReadonlyMap<number, Vote> | undefined {
    const record = this.#rounds.get(round);
    return kind === PREVOTE ? record?.prevotes : record?.precommits;
  }

  /** `new`, `known`, or `conflict` when the validator voted otherwise: the first vote is kept. */
  addVote(vote: Vote): 'new' | 'known' | 'conflict' {
    const record = this.#open(vote.round);
    const votes = vote.kind === PREVOTE ? record.prevotes : record.precommits;
    const known = votes.get(vote.validator);
    if (known) return equalBytes(known.block, vote.block) ? 'known' : 'conflict';
    votes.set(vote.validator, vote);
    return 'new';
  }

  /** Keeps a verified quorum of votes together: it proves more than its single votes. */
  addCertificate(certificate: Certificate): void {
    const name = certificateName(certificate.round, certificate.kind);
    if (!this.#certificates.has(name)) this.#certificates.set(name, certificate);
    for (const vote of votesOf(certificate)) this.addVote(vote);
  }

  /** The quorum of votes for one block in a step, received together or one by one. */
  certificate(round: number, kind: Vote['kind']): Certificate | undefined {
    const name = certificateName(round, kind);
    const found =
      this.#certificates.get(name) ?? this.#certify([...(this.votes(round, kind)?.values() ?? [])]);
    if (found) this.#certificates.set(name, found);
    return found;
  }

  /** False when the round already has a proposal. */
  addProposal(proposal: Proposal): boolean {
    const record = this.#open(proposal.round);
    if (record.proposal) return false;
    record.proposal = proposal;
    this.firstSeen ??= performance.now();
    const header = { root: proposal.partsRoot, total: proposal.parts };
    const name = partsName(header);
    if (!this.#parts.has(name)) this.#parts.set(name, new PartSet(header));
    return true;
  }

  /** The parts received of a round's proposal. */
  partsOf(round: number): PartSet | undefined {
    const proposal = this.#rounds.get(round)?.proposal;
    return proposal && this.parts({ root: proposal.partsRoot, total: proposal.parts });
  }

  /** The parts received of a block; undefined when no proposal names it. */
  parts(header: PartsHeader): PartSet | undefined {
    return this.#parts.get(partsName(header));
  }

  /** Keeps a complete block. */
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
    const record = this.#rounds.get(round) ?? {
      proposal: undefined,
      prevotes: new Map(),
      precommits: new Map(),
    };
    this.#rounds.set(round, record);
    return record;
  }
}

/** Includes the number: one root with two numbers is two blocks, of which at most one can be complete. */
const partsName = ({ root, total }: PartsHeader): string => `${toHex(root)}/${total}`;
const certificateName = (round: number, kind: Vote['kind']): string => `${round}/${kind}`;
