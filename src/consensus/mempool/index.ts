export * from './pool.ts';
export * from './transaction-gossip.ts';
