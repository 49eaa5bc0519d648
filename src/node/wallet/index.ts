export type { Balance, HistoryEntry, ScanProgress, TransferPlan, WalletChain } from '#ledger';
export { httpChain } from './http-chain.ts';
export { openRemoteChain, type RemoteChain } from './light-wallet-chain.ts';
export { type NewWallet, OpenWallet, type SendResult, type WalletAddress } from './open-wallet.ts';
export { checkPayment, type ProvenPayment } from './payment-check.ts';
