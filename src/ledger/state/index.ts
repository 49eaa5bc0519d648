export { leastFee } from './apply.ts';
export type { Block, BlockExecution, BlockResult, BlockRules, StateRoots } from './block.ts';
export { appHashOf, applyBlock, executeBlock, hashOfRoots, rootsOf } from './block.ts';
export type { Head, OutputRecord, SpendRecord, Supply } from './buckets.ts';
export {
  ACCOUNTS,
  accountTree,
  heads,
  keyImageRange,
  keyImages,
  outputCodec,
  outputRange,
  outputs,
  outputTotals,
  spendCodec,
  spends,
  supplyCodec,
} from './buckets.ts';
export { emissionOf, type Share } from './epoch.ts';
export { nextBaseFee } from './fees.ts';
export type { Genesis, GenesisValidator } from './genesis.ts';
export { mintContext, mintedOutput, refundContext, rulesFor, spendContext } from './minting.ts';
export { StateBuilder, stateRecords } from './restore.ts';
export { bondedTokens } from './slashing.ts';
export type { Points, Spend, SpendRules } from './spending.ts';
export { legsOf, membersOf, ringSpends, TRANSACTION_PURPOSE } from './spending.ts';
