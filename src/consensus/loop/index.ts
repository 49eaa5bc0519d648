export { ConsensusLoop } from './consensus-loop.ts';
export { type FinalBlock, replay } from './finality.ts';
