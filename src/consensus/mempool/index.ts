export { TransactionPool } from './pool.ts';
export { TransactionGossip } from './transaction-gossip.ts';
