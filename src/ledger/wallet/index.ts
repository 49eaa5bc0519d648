export type { Balance, HistoryEntry } from './account-book.ts';
export { formatAddress, parseAddress } from './address.ts';
export type { Owned, Payment, Sent } from './contents.ts';
export { DECOY_VERSION, type DecoySource, drawAge, drawRing, totalAt } from './decoys.ts';
export { deriveOneTime } from './one-time.ts';
export {
  FEE_TIERS,
  type FeeTier,
  type PaymentOrder,
  planSweep,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
} from './plan.ts';
export { type PaymentEvidence, paymentEvidenceCodec, verifyPayment } from './proof.ts';
export { type NumberedOutput, scanOutputs, spendKeyTable } from './scan.ts';
export { accountOf, entropyOf, wordsOf } from './seed.ts';
export { Wallet, type WalletOptions } from './wallet.ts';
