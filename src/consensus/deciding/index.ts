export * from './deciding.ts';
export { isDiskFull } from './disk.ts';
export { type FinalBlock, replay } from './finality.ts';
export type { Pace } from './pace.ts';
export { type Tip, tipOf } from './tip.ts';
