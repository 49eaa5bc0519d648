export { type AccountabilityOptions, areAccountable, TOO_OLD } from './accountability.ts';
export { AccusedSteps } from './accused-steps.ts';
export { blame } from './blame.ts';
export { EvidenceReports } from './evidence-reports.ts';
export { firstVotes } from './first-votes.ts';
export { ForkWatch } from './fork-watch.ts';
export { forkAt, type KeptFork, keepFork, votesIn } from './kept-fork.ts';
export { PastVotes } from './past-votes.ts';
