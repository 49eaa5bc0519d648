/**
 * The engine of one height: processes an input and everything that follows from it. Pure: no clock, no randomness,
 * no side effects.
 */

import { type Certificate, duplicateVote, type Proposal, type Vote } from '../blocks/index.ts';
import { PRECOMMIT, PREVOTE } from '../constants.ts';
import type { Output } from './algorithm.ts';
import { distantRound, forgetPast, isSupported, isWelcome, noteDistant, reachOf } from './bounds.ts';
import { advance, candidateFor, type DriverInput } from './driver.ts';
import type { Candidate, DriverState } from './driver-state.ts';
import { type EngineState, isDecided } from './engine-state.ts';
import type { Effect, Input, Verdict, WaitingStep } from './messages.ts';
import { overlooked } from './overlooked.ts';
import { preload } from './preload.ts';
import { keyOf } from './tally.ts';
import { blockWithQuorum, certificateFor, hasQuorumOfAny } from './vote-keeper.ts';

export interface StepResult {
  readonly state: EngineState;
  readonly effects: readonly Effect[];
}

/** The state after one more input, and the effects to execute. */
export function step(before: EngineState, input: Input): StepResult {
  if (isDecided(before)) return { state: before, effects: [] };
  const drive = new Stepper(before);
  drive.take(input);
  drive.settle();
  return { state: drive.state, effects: drive.effects };
}

/** One call of `step`: accumulates the state and the effects. */
class Stepper {
  state: EngineState;
  readonly effects: Effect[] = [];

  constructor(state: EngineState) {
    this.state = state;
  }

  take(input: Input): void {
    switch (input.type) {
      case 'start':
        this.#start(input.votes ?? [], input.certificates ?? []);
        break;
      case 'value':
        this.#takeValue(input.round, input.block);
        break;
      case 'proposal':
        this.#takeProposal(input.proposal, input.verdict);
        break;
      case 'block':
        this.#takeBlock(input.round, input.block);
        break;
      case 'vote':
        this.#takeVote(input.vote);
        break;
      case 'certificate':
        if (input.certificate.height === this.#height) this.#advance(input);
        break;
      case 'timeout':
        if (input.height === this.#height) this.#advance(input);
        break;
    }
  }

  /** Processes follow-up conditions until none is left. */
  settle(): void {
    for (;;) {
      if (isDecided(this.state)) return;
      const { driver } = this.state;
      if (driver.entered) this.#advance({ type: 'entered' });
      else if (driver.pending.length > 0) this.#advance({ type: 'pending' });
      else {
        const condition = overlooked(driver);
        if (!condition) break;
        this.#advance({ type: 'condition', condition });
      }
    }
    this.#waitForRest();
    this.#fetchMissing();
  }

  get #height(): number {
    return this.state.driver.setting.height;
  }

  get #round(): number {
    return this.state.driver.round.round;
  }

  #start(votes: readonly Vote[], certificates: readonly Certificate[]): void {
    const { driver } = this.state;
    if (this.#round >= 0) return;
    const early = votes.filter(
      (vote) => vote.height === this.#height && reachOf(driver, vote.round) === 'near',
    );
    const proven = certificates.filter(({ height }) => height === this.#height);
    const begun = preload(driver, early, proven);
    this.#accuse(driver, begun.state);
    this.state = { ...this.state, driver: begun.state };
    this.#advance({ type: 'newRound', round: begun.round });
  }

  #takeValue(round: number, block: Uint8Array): void {
    if (round !== this.state.awaited || round !== this.#round) return;
    this.state = { ...this.state, awaited: -1 };
    if (this.state.driver.round.step === 'propose') this.#advance({ type: 'value', block });
  }

  #takeProposal({ height, round, block, validRound }: Proposal, verdict: Verdict): void {
    if (height !== this.#height) return;
    const candidate: Candidate = { round, block, validRound, votable: verdict === 'valid' };
    if (verdict !== 'invalid' && isWelcome(this.state.driver, candidate)) {
      this.#advance({ type: 'candidate', candidate });
    }
    if (verdict !== 'valid' && !isDecided(this.state)) this.#advance({ type: 'invalid', round });
  }

  #takeBlock(round: number, block: Uint8Array): void {
    if (!isSupported(this.state.driver, round, block)) return;
    this.#advance({ type: 'candidate', candidate: { round, block, validRound: -1, votable: false } });
  }

  #takeVote(vote: Vote): void {
    const { driver } = this.state;
    if (vote.height !== this.#height || !driver.setting.validators.at(vote.validator)) return;
    const reach = reachOf(driver, vote.round);
    if (reach === 'near') this.#advance({ type: 'vote', vote });
    if (reach !== 'distant') return;
    this.state = noteDistant(this.state, vote.validator, vote.round);
    const round = distantRound(this.state);
    if (round !== undefined) this.#advance({ type: 'condition', condition: { type: 'skip', round } });
  }

  #advance(input: DriverInput): void {
    const before = this.state.driver;
    const { state, output } = advance(before, input);
    this.#accuse(before, state);
    if (state.round.round === before.round.round) this.state = { ...this.state, driver: state };
    else {
      this.state = { ...this.state, driver: forgetPast(state), waits: [], awaited: -1 };
      this.effects.push({ type: 'round', height: this.#height, round: state.round.round });
    }
    this.#carryOut(output);
    const { threshold } = state;
    if (threshold !== before.threshold && 'block' in threshold) this.#fetch(threshold.round, threshold.block);
  }

  #carryOut(output: Output): void {
    const height = this.#height;
    const isValidator = this.state.driver.setting.place >= 0;
    switch (output.type) {
      case 'getValue':
        this.state = { ...this.state, awaited: output.round };
        this.effects.push({ type: 'getValue', height, round: output.round });
        this.#wait('propose');
        break;
      case 'propose': {
        const { round, validRound, block } = output;
        const polka = certificateFor(this.state.driver.keeper, validRound, PREVOTE, block);
        this.effects.push({ type: 'persist' }, { type: 'propose', height, round, validRound, polka, block });
        this.#wait('propose');
        break;
      }
      case 'vote': {
        const { kind, round, block } = output;
        const ballot = { height, round, kind, block };
        if (isValidator) this.effects.push({ type: 'persist' }, { type: 'vote', ballot });
        break;
      }
      case 'timeout':
        this.#wait(output.step);
        break;
      case 'decide': {
        const { round, block } = output;
        const precommits = certificateFor(this.state.driver.keeper, round, PRECOMMIT, block)!;
        this.effects.push({ type: 'decide', precommits });
        break;
      }
    }
  }

  /** Starts each timeout of a round at most once. */
  #wait(step: WaitingStep): void {
    if (this.state.waits.includes(step)) return;
    this.state = { ...this.state, waits: [...this.state.waits, step] };
    this.effects.push({ type: 'timeout', height: this.#height, round: this.#round, step });
  }

  /** Lines 34 and 47, in whatever order the messages arrived. */
  #waitForRest(): void {
    const { keeper, round } = this.state.driver;
    if (round.step === 'prevote' && hasQuorumOfAny(keeper, round.round, PREVOTE)) this.#wait('prevote');
    if (hasQuorumOfAny(keeper, round.round, PRECOMMIT)) this.#wait('precommit');
  }

  #fetchMissing(): void {
    const { keeper } = this.state.driver;
    for (const kind of [PREVOTE, PRECOMMIT] as const) {
      const block = blockWithQuorum(keeper, this.#round, kind);
      if (block) this.#fetch(this.#round, block);
    }
  }

  #fetch(round: number, block: Uint8Array): void {
    if (isDecided(this.state) || candidateFor(this.state.driver, round, block)) return;
    const name = `${round} ${keyOf(block)}`;
    if (this.state.fetched.includes(name)) return;
    this.state = { ...this.state, fetched: [...this.state.fetched, name] };
    this.effects.push({ type: 'fetch', height: this.#height, round, block });
  }

  #accuse(before: DriverState, after: DriverState): void {
    for (const [first, second] of after.keeper.doubles.slice(before.keeper.doubles.length)) {
      const evidence = duplicateVote(first, second, after.setting.validators);
      this.effects.push({ type: 'evidence', evidence });
    }
  }
}
