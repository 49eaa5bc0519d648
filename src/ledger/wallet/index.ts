export type { Balance, HistoryEntry } from './account-book.ts';
export { formatAddress, parseAddress } from './address.ts';
export * from './chain.ts';
export {
  answerChainCall,
  type ChainCall,
  MAX_CHAIN_ANSWER_BYTES,
  remoteChain,
} from './chain-messages.ts';
export type { Owned, Payment, Sent } from './contents.ts';
export { type DecoySource, drawAge, drawRing, readDecoys, totalAt } from './decoys.ts';
export { fileJournal } from './escrow-journal.ts';
export { localChain } from './local-chain.ts';
export { deriveOneTime } from './one-time.ts';
export { type NewWallet, OpenWallet, type SendResult } from './open-wallet.ts';
export type { NewWalletOptions, ScanOptions, ScanProgress, WalletOptions } from './options.ts';
export { checkPayment } from './payment-check.ts';
export {
  FEE_TIERS,
  type FeeTier,
  type PaymentOrder,
  planSweep,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
} from './plan.ts';
export {
  formatPaymentProof,
  type PaymentEvidence,
  parsePaymentProof,
  paymentEvidenceCodec,
  verifyPayment,
} from './proof.ts';
export { type Found, OutputScanner, type Scanner, scanHere, type ViewKeys } from './scan.ts';
export { openScanThread } from './scan-thread.ts';
export { accountOf, countWords, entropyOf, wordsOf } from './seed.ts';
export type { PaymentToSplit } from './split.ts';
export { doubtful, SENT, type Submission, type Submitted, submissionOf } from './submission.ts';
export type { Transferred } from './transfers.ts';
export { formatViewKey, parseViewKey, type ViewKey } from './view-key.ts';
export { Wallet } from './wallet.ts';
