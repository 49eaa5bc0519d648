export { Payee, type PayeeOptions } from './payee.ts';
export { Payer } from './payer.ts';
export * from './quote.ts';
export * from './receipt.ts';
