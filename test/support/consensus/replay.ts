/** Replays traces of Malachite's Quint specification of Tendermint on driver, algorithm and vote keeper. */
import assert from 'node:assert/strict';
import { idleState, type RoundState, transition } from '../../../src/consensus/engine/algorithm.ts';
import { countVote, emptyKeeper, type VoteKeeper } from '../../../src/consensus/engine/vote-keeper.ts';
import type { ItfState, Tagged } from './itf.ts';
import { SystemReplay } from './replay-system.ts';
import { conditionOf, count, fields, type Replayed, weightsOf, withoutText } from './replay-terms.ts';
import { SpecTerms, type SpecVote } from './spec-terms.ts';

/** Replays whatever a trace holds. Throws AssertionError at the first step that differs. */
export function replay(states: readonly ItfState[]): Replayed {
  const variables = Object.keys(states[0]!);
  const replayed: Replayed = new Map();
  if (variables.includes('bookkeeper')) replayKeeper(states, replayed);
  else if (variables.includes('state')) replayAlgorithm(states, replayed);
  for (const name of variables.filter((one) => one.endsWith('system'))) {
    const prefix = name.slice(0, -'system'.length);
    new SystemReplay(states, prefix, replayed).run();
  }
  return replayed;
}

function replayKeeper(states: readonly ItfState[], replayed: Replayed): void {
  const first = fields(states[0]!.bookkeeper);
  const terms = new SpecTerms(weightsOf(first.validatorSet!));
  let keeper: VoteKeeper = emptyKeeper(terms.validators);
  states.forEach(({ weightedVote, bookkeeper, lastEmitted }, at) => {
    const { tag, value } = weightedVote as unknown as Tagged;
    if (tag === 'WV') {
      const [vote, , round] = value as unknown as [SpecVote, number, number];
      const counted = countVote(keeper, terms.vote(vote), round);
      keeper = counted.keeper;
      assert.deepEqual(terms.threshold(counted.threshold), lastEmitted, `output of step ${at}`);
      count(replayed, 'vote');
    }
    assert.deepEqual(terms.keeper(keeper, first.height as number), bookkeeper, `keeper after step ${at}`);
  });
}

function replayAlgorithm(states: readonly ItfState[], replayed: Replayed): void {
  const start = fields(states[0]!.state);
  const self = start.p as string;
  const terms = new SpecTerms([[self, 1]]);
  let state: RoundState = idleState(start.height as number);
  states.forEach((step, at) => {
    const condition = conditionOf(terms, step.input as unknown as Tagged);
    // A new height begins with a new state, not with an input.
    const height = fields(step.state).height as number;
    if (!condition) state = idleState(height);
    else {
      const result = transition(state, condition);
      state = result.state;
      const output = terms.output(result.output, height, self);
      assert.deepEqual(output, withoutText(step.output!), `output of step ${at}`);
      count(replayed, condition.type);
    }
    assert.deepEqual(terms.roundState(state, self), step.state, `state after step ${at}`);
  });
}
