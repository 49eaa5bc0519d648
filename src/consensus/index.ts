export * from './abci/index.ts';
export * from './application/index.ts';
export * from './beacon/index.ts';
export * from './blocks/index.ts';
export * from './chain.ts';
export * from './chain-store/index.ts';
export * from './constants.ts';
export * from './engine/index.ts';
export { forkAt, type KeptFork } from './fork.ts';
