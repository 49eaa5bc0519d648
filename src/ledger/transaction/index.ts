export type { Body, Input, NewOutput } from './body.ts';
export { bodyCodec } from './body.ts';
export type { Proofs, SpendProof } from './proofs.ts';
export type { Hashes, Transaction } from './transaction.ts';
export { bodyHash, makeTransaction, messageOf, parseTransaction, weightOf } from './transaction.ts';
