export type { AccountKind, Head, OutputRecord, SpendRecord } from '../buckets.ts';
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
export type { Block, BlockResult } from './block.ts';
export { hashOfRoots, rootsOf } from './block.ts';
export type { Genesis } from './genesis.ts';
export { StateBuilder, stateRecords } from './restore.ts';
export type { Spend, SpendRules } from './spending.ts';
export { ringSpends, TRANSACTION_PURPOSE } from './spending.ts';
