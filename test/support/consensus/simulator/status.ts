import { equalBytes } from '#base';
import type { Proposal } from '../../../../src/consensus/blocks/proposal.ts';
import type { Vote } from '../../../../src/consensus/blocks/vote.ts';
import { PREVOTE } from '../../../../src/consensus/constants.ts';
import type { EngineState } from '../../../../src/consensus/engine/engine-state.ts';
import type { Tally } from '../../../../src/consensus/engine/tally.ts';
import { certificateFor, hasQuorum } from '../../../../src/consensus/engine/vote-keeper.ts';
import type { Message } from './messages.ts';

interface Knower {
  readonly height: number;
  readonly state: EngineState;
  readonly proposals: readonly Proposal[];
  readonly disk: { readonly commits: readonly { readonly height: number }[] };
}

/** What one node knows that another, by its state, does not: as far as it helps it now. */
export function lacks(knower: Knower, height: number, theirs: EngineState): Message[] {
  if (height < knower.height) {
    const commit = knower.disk.commits.find((one) => one.height === height);
    return commit ? [{ type: 'decided', commit } as Message] : [];
  }
  if (height > knower.height) return [];
  const round = theirs.driver.round.round;
  const answers: Message[] = [];
  for (const proposal of knower.proposals) {
    const has = theirs.driver.candidates.some(
      (one) => one.round === proposal.round && equalBytes(one.block, proposal.block),
    );
    if (!has) answers.push({ type: 'proposal', proposal });
    const { validRound, block } = proposal;
    const polka = certificateFor(knower.state.driver.keeper, validRound, PREVOTE, block);
    if (polka && !hasQuorum(theirs.driver.keeper, validRound, PREVOTE, block)) {
      answers.push({ type: 'polka', polka });
    }
  }
  for (const [at, votes] of knower.state.driver.keeper.rounds) {
    if (at < round) continue;
    const known = theirs.driver.keeper.rounds.get(at);
    for (const vote of missing(votes.prevotes, known?.prevotes)) answers.push({ type: 'vote', vote });
    for (const vote of missing(votes.precommits, known?.precommits)) answers.push({ type: 'vote', vote });
  }
  return answers;
}

const missing = (ours: Tally, theirs: Tally | undefined): Vote[] =>
  ours.first.filter(
    (vote): vote is Vote => vote !== undefined && theirs?.first[vote.validator] === undefined,
  );
