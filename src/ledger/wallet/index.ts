export type { HistoryEntry } from './account-book.ts';
export { formatAddress, parseAddress } from './address.ts';
export {
  type ChainStatus,
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  type OutputTotal,
  type TotalsPage,
  type WalletChain,
} from './chain.ts';
export {
  answerChainCall,
  type ChainCall,
  MAX_CHAIN_ANSWER_BYTES,
  remoteChain,
} from './chain-messages.ts';
export type { Owned, Sent } from './contents.ts';
export { readDecoys, totalAt } from './decoys.ts';
export { localChain } from './local-chain.ts';
export { deriveOneTime } from './one-time.ts';
export { type NewWallet, OpenWallet, type SendResult } from './open-wallet.ts';
export { checkPayment } from './payment-check.ts';
export type { TransferOrder, TransferPlan } from './plan.ts';
export { accountOf, countWords, wordsOf } from './seed.ts';
export type { PaymentToSplit } from './split.ts';
export { doubtful, SENT, type Submission, submissionOf } from './submission.ts';
export { Wallet } from './wallet.ts';
