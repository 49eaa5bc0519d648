/** Our terms in those of Malachite's Quint specification of Tendermint, and back. */
import { equalBytes, utf8 } from '#base';
import { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import type { Vote } from '../../../src/consensus/blocks/vote.ts';
import { NIL, PREVOTE } from '../../../src/consensus/constants.ts';
import type { Condition, Output, RoundState, Step } from '../../../src/consensus/engine/algorithm.ts';
import type { Candidate } from '../../../src/consensus/engine/driver-state.ts';
import type { WaitingStep } from '../../../src/consensus/engine/messages.ts';
import { keyOf, type Tally } from '../../../src/consensus/engine/tally.ts';
import type { RoundVotes, Threshold, VoteKeeper } from '../../../src/consensus/engine/vote-keeper.ts';
import { type Itf, mapOf, record, setOf, type Tagged, tagged } from './itf.ts';
import { named } from './validators.ts';

export type SpecVote = {
  readonly voteType: Tagged;
  readonly srcAddress: string;
  readonly height: number;
  readonly round: number;
  readonly valueId: Tagged;
};

export type SpecProposal = {
  readonly srcAddress: string;
  readonly height: number;
  readonly round: number;
  readonly proposal: string;
  readonly validRound: number;
};

const STEPS: Record<Step, string> = {
  idle: 'NoStep',
  unstarted: 'UnstartedStep',
  propose: 'ProposeStep',
  prevote: 'PrevoteStep',
  precommit: 'PrecommitStep',
  commit: 'CommitStep',
};
const TIMEOUTS: Record<WaitingStep, string> = {
  propose: 'ProposeTimeout',
  prevote: 'PrevoteTimeout',
  precommit: 'PrecommitTimeout',
};

export const stepOf = (step: Step | undefined): Itf => tagged(step ? STEPS[step] : 'NoStep');

export const waitingStepOf = (timeout: Tagged): WaitingStep =>
  (Object.keys(TIMEOUTS) as WaitingStep[]).find((step) => TIMEOUTS[step] === timeout.tag)!;

/** The validators of a trace and the blocks that occur in it. */
export class SpecTerms {
  readonly names: readonly string[];
  readonly validators: ValidatorSet;
  readonly #weights: Itf;
  readonly #values = new Map<string, string>();

  /** @param weights the trace's map from address to weight */
  constructor(weights: readonly (readonly [string, number])[]) {
    this.#weights = weights as Itf;
    this.names = weights.map(([name]) => name).sort();
    const keyOfName = (name: string) => {
      const key = new Uint8Array(32);
      key.set(utf8(name));
      return key;
    };
    this.validators = ValidatorSet.of(weights.map(([name, power]) => ({ key: keyOfName(name), power })));
  }

  /** The specification's rotation. */
  proposer(round: number): string {
    return this.names[(round + 1) % this.names.length]!;
  }

  block(value: string): Uint8Array {
    const block = named(value);
    this.#values.set(keyOf(block), value);
    return block;
  }

  vote(vote: SpecVote): Vote {
    return {
      height: vote.height,
      round: vote.round,
      kind: vote.voteType.tag === 'Prevote' ? 1 : 2,
      block: vote.valueId.tag === 'Nil' ? NIL : this.block(vote.valueId.value as string),
      validator: this.names.indexOf(vote.srcAddress),
      signature: new Uint8Array(64),
    };
  }

  candidate({ round, proposal, validRound }: SpecProposal): Candidate {
    return { round, validRound, block: this.block(proposal), votable: true };
  }

  valueName(block: Uint8Array): string {
    return this.#values.get(keyOf(block))!;
  }

  valueId(block: Uint8Array): Itf {
    return equalBytes(block, NIL) ? tagged('Nil') : tagged('Val', this.valueName(block));
  }

  specVote({ height, round, kind, block, validator }: Omit<Vote, 'signature'>): Itf {
    return record([
      ['height', height],
      ['round', round],
      ['srcAddress', this.names[validator]!],
      ['valueId', this.valueId(block)],
      ['voteType', tagged(kind === PREVOTE ? 'Prevote' : 'Precommit')],
    ]);
  }

  specProposal(height: number, { round, block, validRound }: Omit<Candidate, 'votable'>, src: string): Itf {
    return record([
      ['height', height],
      ['proposal', this.valueName(block)],
      ['round', round],
      ['srcAddress', src],
      ['validRound', validRound],
    ]);
  }

  roundState(state: RoundState, self: string): Itf {
    return record([
      ['p', self],
      ['height', state.height],
      ['round', state.round],
      ['step', stepOf(state.step)],
      ['lockedRound', state.lockedRound],
      ['lockedValue', this.valueId(state.lockedBlock)],
      ['validRound', state.validRound],
      ['validValue', this.valueId(state.validBlock)],
    ]);
  }

  output(output: Output, height: number, self: string): Itf {
    switch (output.type) {
      case 'none':
        return tagged('NoConsensusOutput');
      case 'inapplicable':
        return tagged('ErrorOutput');
      case 'getValue':
        return tagged('GetValueAndScheduleTimeoutOutput', [height, output.round, tagged('ProposeTimeout')]);
      case 'propose':
        return tagged('ProposalOutput', this.specProposal(height, output, self));
      case 'vote':
        return tagged(
          'VoteOutput',
          this.specVote({ ...output, height, validator: this.names.indexOf(self) }),
        );
      case 'timeout':
        return tagged('TimeoutOutput', [output.round, tagged(TIMEOUTS[output.step])]);
      case 'skip':
        return tagged('SkipRoundOutput', output.round);
      case 'decide':
        return tagged('DecidedOutput', [output.round, this.valueName(output.block)]);
    }
  }

  threshold(threshold: Threshold): Itf {
    switch (threshold.type) {
      case 'none':
        return tagged('NoVKOutput');
      case 'polkaAny':
        return tagged('PolkaAnyVKOutput', threshold.round);
      case 'polkaNil':
        return tagged('PolkaNilVKOutput', threshold.round);
      case 'polkaBlock':
        return tagged('PolkaValueVKOutput', [threshold.round, this.valueName(threshold.block)]);
      case 'precommitAny':
        return tagged('PrecommitAnyVKOutput', threshold.round);
      case 'precommitBlock':
        return tagged('PrecommitValueVKOutput', [threshold.round, this.valueName(threshold.block)]);
      case 'skip':
        return tagged('SkipVKOutput', threshold.round);
    }
  }

  /** Those conditions that can wait. */
  condition(condition: Condition): Itf {
    if (condition.type === 'precommitAny') return tagged('PrecommitAnyCInput');
    if (condition.type === 'proposalAndPolka') {
      return tagged('ProposalAndPolkaAndValidCInput', this.valueId(condition.block));
    }
    throw new Error(`${condition.type} does not wait`);
  }

  keeper(keeper: VoteKeeper, height: number): Itf {
    const rounds = [...keeper.rounds].map(
      ([round, votes]) => [round, this.#roundVotes(votes, height, round)] as const,
    );
    return record([
      ['height', height],
      ['validatorSet', this.#weights],
      ['rounds', mapOf(rounds)],
      ['evidence', setOf(keeper.doubles.map((pair) => setOf(pair.map((vote) => this.specVote(vote)))))],
    ]);
  }

  #roundVotes({ prevotes, precommits, told, heard }: RoundVotes, height: number, round: number): Itf {
    const heardNames = this.names.filter((_, place) => heard[place]);
    return record([
      ['height', height],
      ['round', round],
      ['prevotes', this.#tally(prevotes)],
      ['precommits', this.#tally(precommits)],
      ['emittedOutputs', setOf(told.map((one) => this.threshold(one)))],
      ['votesAddressesWeights', mapOf(heardNames.map((name) => [name, this.#power(name)] as const))],
    ]);
  }

  #power(name: string): number {
    return this.validators.at(this.names.indexOf(name))!.power;
  }

  #tally({ first, others, powers }: Tally): Itf {
    const all = [...first, ...others].filter((vote) => vote !== undefined);
    const specValueOf = (key: string): Itf =>
      key === keyOf(NIL) ? tagged('Nil') : tagged('Val', this.#values.get(key)!);
    return record([
      ['totalWeight', this.validators.totalPower],
      ['valuesWeights', mapOf([...powers].map(([key, power]) => [specValueOf(key), power] as const))],
      ['votesAddresses', setOf(this.names.filter((_, place) => first[place]))],
      ['receivedVotes', setOf(all.map((vote) => this.specVote(vote)))],
    ]);
  }
}
