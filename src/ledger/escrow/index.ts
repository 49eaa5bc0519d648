export type { EscrowJournal } from './journal.ts';
export { Payee, type PayeeOptions } from './payee.ts';
export { Payer, type PayerOptions } from './payer.ts';
export * from './quote.ts';
export * from './receipt.ts';
