/** Replays the nodes of a trace, each on a driver of its own. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { equalBytes } from '#base';
import { certificateOf, votesOf } from '../../../src/consensus/blocks/certificate.ts';
import type { Vote } from '../../../src/consensus/blocks/vote.ts';
import { PRECOMMIT } from '../../../src/consensus/constants.ts';
import type { Output } from '../../../src/consensus/engine/algorithm.ts';
import { advance, type DriverInput } from '../../../src/consensus/engine/driver.ts';
import { beginHeight, type Candidate, type DriverState } from '../../../src/consensus/engine/driver-state.ts';
import { preload } from '../../../src/consensus/engine/preload.ts';
import { certificateFor, type VoteKeeper } from '../../../src/consensus/engine/vote-keeper.ts';
import { type Itf, type ItfState, record, setOf, type Tagged, tagged } from './itf.ts';
import {
  conditionOf,
  count,
  type Fields,
  fields,
  type Replayed,
  weightsOf,
  withoutText,
} from './replay-terms.ts';
import { type SpecProposal, SpecTerms, type SpecVote, stepOf, waitingStepOf } from './spec-terms.ts';

const NOTHING: Itf = tagged('NoConsensusOutput');

interface Node {
  state: DriverState;
  chain: readonly Itf[];
  /** What the specification's rotation says of the round that a skip leads to. */
  turn: boolean;
  /** Third votes of a double voter in one step, which the specification keeps and we do not. */
  dropped: Itf[];
  /** The one of several proposals that a step looks at. */
  chosen?: Candidate;
}

export class SystemReplay {
  readonly #states: readonly ItfState[];
  readonly #prefix: string;
  readonly #replayed: Replayed;
  readonly #terms: SpecTerms;
  readonly #nodes = new Map<string, Node>();

  constructor(states: readonly ItfState[], prefix: string, replayed: Replayed) {
    this.#states = states;
    this.#prefix = prefix;
    this.#replayed = replayed;
    const [, first] = this.#system(0).entries().next().value!;
    this.#terms = new SpecTerms(weightsOf(fields(first.es!).valset!));
    for (const [name, node] of this.#system(0))
      this.#begin(name, fields(fields(node.es!).cs!).height as number);
  }

  run(): void {
    for (let at = 1; at < this.#states.length; at++) this.#step(at);
  }

  #system(at: number): Map<string, Fields> {
    return new Map(this.#states[at]![`${this.#prefix}system`] as unknown as [string, Fields][]);
  }

  /** The last event: who, with which input, with which output. */
  #event(at: number): { name: string; input: Tagged; output: Itf } {
    const event = this.#states[at]![`${this.#prefix}_hist`]!;
    if (Array.isArray(event)) return { name: event[0], input: event[1], output: event[2] };
    const { validator, input, output } = fields(event);
    return { name: validator as string, input: input as unknown as Tagged, output: output! };
  }

  #begin(name: string, height: number): void {
    const node: Node = {
      turn: false,
      dropped: [],
      chain: this.#nodes.get(name)?.chain ?? [],
      state: undefined as never,
    };
    const { validators, names } = this.#terms;
    const isOurTurn = () => node.turn;
    node.state = beginHeight({ height, validators, place: names.indexOf(name), isOurTurn });
    this.#nodes.set(name, node);
  }

  #step(at: number): void {
    const before = this.#system(at - 1);
    const after = this.#system(at);
    const { name, input, output } = this.#event(at);
    const changed = (one: string) =>
      JSON.stringify(before.get(one)!.es) !== JSON.stringify(after.get(one)!.es);
    for (const [one, node] of after) {
      const height = fields(fields(node.es!).cs!).height as number;
      // A node that has not begun, where it had: the environment has sent it to the next height.
      if (fields(node.es!).started === false && changed(one)) this.#begin(one, height);
      else if (one === name && (changed(one) || this.#isNew(at))) {
        this.#choose(name, input, withoutText(output), fields(node.es!));
        const ours = this.#advance(name, input, before.get(name)!);
        assert.deepEqual(ours, withoutText(output), `output of step ${at}`);
        count(this.#replayed, input.tag);
      }
      assert.deepEqual(
        this.#projection(one),
        this.#expected(one, fields(node.es!)),
        `${one} after step ${at}`,
      );
    }
  }

  /**
   * Of several proposals of a double proposer the specification looks at any one when a step begins. Puts first the one
   * that it has chosen, as its output and state tell.
   */
  #choose(name: string, input: Tagged, output: Itf, es: Fields): void {
    const node = this.#nodes.get(name)!;
    const { candidates, round, setting } = node.state;
    const several = candidates.filter((one) => one.round === round.round);
    if (input.tag !== 'StepChangeDInput' || several.length < 2) return;
    for (const chosen of several) {
      const only = candidates.filter((one) => one.round !== round.round || one === chosen);
      const result = advance({ ...node.state, candidates: only }, { type: 'entered' });
      const ours = [
        this.#terms.output(result.output, setting.height, name),
        this.#terms.roundState(result.state.round, name),
      ];
      if (isDeepStrictEqual(ours, [output, es.cs])) node.chosen = chosen;
    }
  }

  #isNew(at: number): boolean {
    return JSON.stringify(this.#event(at)) !== JSON.stringify(this.#event(at - 1));
  }

  #advance(name: string, input: Tagged, before: Fields): Itf {
    const node = this.#nodes.get(name)!;
    const { height } = node.state.setting;
    // The specification looks up the proposer of the next round even when it skips further.
    node.turn = this.#terms.proposer(node.state.round.round + 1) === name;
    if (fields(before.es!).started === false) return this.#start(node, name, input, before);
    const ours = this.#driverInput(node, input);
    if (!ours) {
      // Whatever the input, what the step before made possible is not looked at any more.
      node.state = { ...node.state, entered: undefined };
      return NOTHING;
    }
    const { candidates } = node.state;
    const result = advance(this.#withChosen(node), ours);
    node.state = ours.type === 'entered' ? { ...result.state, candidates } : result.state;
    this.#record(node, result.output, height);
    return this.#terms.output(result.output, height, name);
  }

  /** A height begins with the votes and certificates that have come already. */
  #start(node: Node, name: string, input: Tagged, before: Fields): Itf {
    const { height } = node.state.setting;
    const ofHeight = (votes: Itf) => votes as unknown as readonly SpecVote[];
    const votes = ofHeight(before.incomingVotes!).filter((vote) => vote.height === height);
    const certificates = (before.incomingCertificates as readonly Itf[])
      .map(ofHeight)
      .filter((certificate) => certificate.every((vote) => vote.height === height));
    const { state, round } = preload(
      node.state,
      votes.map((vote) => this.#terms.vote(vote)),
      certificates.map((one) => certificateOf(one.map((vote) => this.#terms.vote(vote)))),
    );
    node.state = state;
    if (input.tag === 'PendingDInput') {
      const { tag } = input.value as unknown as Tagged;
      // The specification drops a decision that it finds here, and decides when it sees the proposal again.
      if (tag === 'ProposalAndCommitAndValidCInput') return NOTHING;
      // It begins a later round as if it were somebody else's.
      node.turn = false;
    }
    const result = advance(state, { type: 'newRound', round });
    node.state = result.state;
    return this.#terms.output(result.output, height, name);
  }

  #withChosen(node: Node): DriverState {
    const { chosen, state } = node;
    delete node.chosen;
    if (!chosen) return state;
    const only = state.candidates.filter((one) => one.round !== chosen.round || one === chosen);
    return { ...state, candidates: only };
  }

  #driverInput(node: Node, { tag, value }: Tagged): DriverInput | undefined {
    switch (tag) {
      case 'ProposalDInput':
        return this.#proposal(value as unknown as SpecProposal);
      case 'ProposeValueDInput':
        return { type: 'value', block: this.#terms.block(value as string) };
      case 'VoteDInput': {
        const vote = this.#terms.vote(value as unknown as SpecVote);
        if (isThird(node.state.keeper, vote)) node.dropped.push(value);
        return { type: 'vote', vote };
      }
      case 'CertificateDInput': {
        const votes = (value as unknown as readonly SpecVote[]).map((vote) => this.#terms.vote(vote));
        return { type: 'certificate', certificate: certificateOf(votes) };
      }
      case 'TimeoutDInput':
        return {
          type: 'timeout',
          round: node.state.round.round,
          step: waitingStepOf(value as unknown as Tagged),
        };
      case 'StepChangeDInput':
        return { type: 'entered' };
      case 'PendingDInput':
        return { type: 'pending', condition: conditionOf(this.#terms, value as unknown as Tagged)!.type };
      default:
        return undefined;
    }
  }

  /** Whose signature a proposal has is checked before the driver. */
  #proposal(proposal: SpecProposal): DriverInput | undefined {
    if (proposal.srcAddress !== this.#terms.proposer(proposal.round)) return undefined;
    if (proposal.proposal === 'invalid') return { type: 'invalid', round: proposal.round };
    return { type: 'candidate', candidate: this.#terms.candidate(proposal) };
  }

  #record(node: Node, output: Output, height: number): void {
    if (output.type !== 'decide') return;
    const { round, block } = output;
    const candidate = node.state.candidates.find(
      (one) => one.round === round && equalBytes(one.block, block),
    );
    const commit = certificateFor(node.state.keeper, round, PRECOMMIT, block)!;
    const entry = record([
      ['decision', this.#terms.specProposal(height, candidate!, this.#terms.proposer(round))],
      ['commit', setOf(votesOf(commit).map((vote) => this.#terms.specVote(vote)))],
    ]);
    node.chain = [...node.chain, entry];
  }

  #projection(name: string): Itf {
    const { state, chain } = this.#nodes.get(name)!;
    const { height } = state.setting;
    const { candidates, pending } = state;
    return record([
      ['cs', this.#terms.roundState(state.round, name)],
      ['bk', this.#terms.keeper(state.keeper, height)],
      [
        'proposals',
        setOf(
          candidates.map((one) => this.#terms.specProposal(height, one, this.#terms.proposer(one.round))),
        ),
      ],
      [
        'pendingInputs',
        setOf(pending.map(({ condition, round }) => [this.#terms.condition(condition), height, round])),
      ],
      ['pendingStepChange', stepOf(state.entered)],
      ['voteKeeperOutput', this.#terms.threshold(state.threshold)],
      ['chain', chain],
    ]);
  }

  #expected(name: string, es: Fields): Itf {
    const { cs, bk, proposals, pendingInputs, pendingStepChange, voteKeeperOutput, chain } = es;
    const expected = { bk, chain, cs, pendingInputs, pendingStepChange, proposals, voteKeeperOutput };
    return withoutVotes(expected as unknown as Itf, this.#nodes.get(name)!.dropped);
  }
}

/** Whether two other votes of the validator are known for this step. */
function isThird({ rounds }: VoteKeeper, vote: Vote): boolean {
  const tally = rounds.get(vote.round)?.[vote.kind === PRECOMMIT ? 'precommits' : 'prevotes'];
  if (!tally) return false;
  const known = [...tally.first, ...tally.others].filter((one) => one?.validator === vote.validator);
  return known.length === 2 && !known.some((one) => equalBytes(one!.block, vote.block));
}

/** The value without these elements of its sets, and without doublets that come of it. */
function withoutVotes(value: Itf, votes: readonly Itf[]): Itf {
  if (votes.length === 0 || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const kept = value.filter((one) => !votes.some((vote) => isDeepStrictEqual(one, vote)));
    return kept.length === value.length && !isListOfSets(value)
      ? value.map((one) => withoutVotes(one, votes))
      : setOf(kept.map((one) => withoutVotes(one, votes)));
  }
  return record(Object.entries(value).map(([name, one]) => [name, withoutVotes(one as Itf, votes)] as const));
}

/** As the set of all evidence is. */
const isListOfSets = (value: readonly Itf[]): boolean =>
  value.length > 0 &&
  value.every(
    (one) => Array.isArray(one) && one.every((vote) => fields(vote as Itf)?.voteType !== undefined),
  );
