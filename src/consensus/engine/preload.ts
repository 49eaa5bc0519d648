import type { Certificate, Vote } from '../blocks/index.ts';
import type { DriverState } from './driver-state.ts';
import { countCertificate, countVote } from './vote-keeper.ts';

/**
 * A height that has not begun, with the votes that came early, and the round to begin with: the latest one reached.
 */
export function preload(
  state: DriverState,
  votes: readonly Vote[],
  certificates: readonly Certificate[],
): { readonly state: DriverState; readonly round: number } {
  const latest = [...votes, ...certificates].reduce((highest, { round }) => Math.max(highest, round), 0);
  let { keeper } = state;
  let round = 0;
  const count = (counted: ReturnType<typeof countVote>) => {
    keeper = counted.keeper;
    const { threshold } = counted;
    if ('round' in threshold) round = Math.max(round, threshold.round);
  };
  for (const vote of votes) count(countVote(keeper, vote, latest));
  for (const certificate of certificates) count(countCertificate(keeper, certificate));
  return { state: { ...state, keeper }, round };
}
