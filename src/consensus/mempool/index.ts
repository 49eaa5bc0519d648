export * from './pool.ts';
export * from './trade.ts';
