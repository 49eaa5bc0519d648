import { certificateOf } from '../../../src/consensus/blocks/certificate.ts';
import type { Proposal } from '../../../src/consensus/blocks/proposal.ts';
import type { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import type { Vote } from '../../../src/consensus/blocks/vote.ts';
import { settingOf } from '../../../src/consensus/engine/driver-state.ts';
import { type EngineState, newHeight } from '../../../src/consensus/engine/engine-state.ts';
import type { Effect, Input, Verdict } from '../../../src/consensus/engine/messages.ts';
import { step } from '../../../src/consensus/engine/step.ts';

/** Votes and proposals that nobody checks the signature of. */
const SIGNATURE = new Uint8Array(64);

export const bareVote = (place: number, kind: 1 | 2, block: Uint8Array, round = 0, height = 1): Vote => ({
  height,
  round,
  kind,
  block,
  validator: place,
  signature: SIGNATURE,
});

export const bareProposal = (block: Uint8Array, round = 0, validRound = -1, height = 1): Proposal => ({
  height,
  round,
  validRound,
  block,
  partsRoot: block,
  parts: 1,
  time: 0,
  signature: SIGNATURE,
});

/** An engine that is told things one after the other, and remembers the effects of all or of the last. */
export class Told {
  state: EngineState;
  all: Effect[] = [];
  last: readonly Effect[] = [];

  constructor(validators: ValidatorSet, place: number, height = 1) {
    this.state = newHeight(settingOf(height, validators, validators.at(place)?.key));
  }

  tell(input: Input): this {
    const { state, effects } = step(this.state, input);
    this.state = state;
    this.last = effects;
    this.all.push(...effects);
    return this;
  }

  start(): this {
    return this.tell({ type: 'start' });
  }

  proposal(block: Uint8Array, round = 0, validRound = -1, verdict: Verdict = 'valid'): this {
    return this.tell({ type: 'proposal', proposal: bareProposal(block, round, validRound), verdict });
  }

  votes(kind: 1 | 2, places: readonly number[], block: Uint8Array, round = 0): this {
    for (const place of places) this.tell({ type: 'vote', vote: bareVote(place, kind, block, round) });
    return this;
  }

  certificate(kind: 1 | 2, places: readonly number[], block: Uint8Array, round = 0): this {
    const certificate = certificateOf(places.map((place) => bareVote(place, kind, block, round)));
    return this.tell({ type: 'certificate', certificate });
  }

  timeout(step: 'propose' | 'prevote' | 'precommit', round = 0): this {
    return this.tell({ type: 'timeout', height: 1, round, step });
  }

  /** The ballots cast so far. */
  get ballots() {
    return this.all.flatMap((effect) => (effect.type === 'vote' ? [effect.ballot] : []));
  }

  has(type: Effect['type']): boolean {
    return this.all.some((effect) => effect.type === type);
  }
}
