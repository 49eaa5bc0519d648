export type { Transaction } from './transaction.ts';
export { bodyHash, makeTransaction, parseTransaction } from './transaction.ts';
