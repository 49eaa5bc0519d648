export * from './consensus-loop.ts';
export { isDiskFull } from './disk.ts';
export { type FinalBlock, replay } from './finality.ts';
export { type Tip, tipOf } from './tip.ts';
