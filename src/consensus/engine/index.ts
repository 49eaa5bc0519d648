export * from './algorithm.ts';
export * from './driver.ts';
export * from './driver-state.ts';
export * from './messages.ts';
export * from './preload.ts';
export { keyOf, NIL_KEY, type Tally } from './tally.ts';
export * from './vote-keeper.ts';
