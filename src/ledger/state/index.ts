export type { AccountKind, Head, OutputRecord, SpendRecord, Supply } from '../buckets.ts';
export {
  ACCOUNTS,
  accountTree,
  heads,
  jailed,
  keyImageRange,
  keyImages,
  keysByAddress,
  outputCodec,
  outputRange,
  outputs,
  outputTotals,
  spendCodec,
  spends,
  supplyCodec,
} from '../buckets.ts';
export { leastFee } from './apply.ts';
export type { Block, BlockExecution, BlockResult, BlockRules, StateRoots } from './block.ts';
export { appHashOf, applyBlock, executeBlock, hashOfRoots, rootsOf } from './block.ts';
export { emissionOf } from './epoch.ts';
export { nextBaseFee } from './fees.ts';
export type { Genesis, GenesisValidator } from './genesis.ts';
export { mintedOutput, refundContext, rulesFor, spendContext } from './minting.ts';
export { duesPerBlock } from './payments.ts';
export { StateBuilder, stateRecords } from './restore.ts';
export type { Points, Spend, SpendRules } from './spending.ts';
export { membersOf, ringSpends, TRANSACTION_PURPOSE } from './spending.ts';
export type { Share } from './tenure.ts';
