export * from './blame.ts';
export * from './past-votes.ts';
