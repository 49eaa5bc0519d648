import { BitorchError, codeOf, type ErrorTable } from '#base';

/** Error codes of the ledger: HTTP status, meaning, and exit code if it is not 1. */
export const LEDGER_ERRORS = {
  BLOCK_INVALID: [400, 'a block breaks a rule'],
  CHAIN_BEHIND: [503, 'a node is behind what is already proven or scanned'],
  CHAIN_INVALID: [502, 'an answer of a node about the chain is wrong or malformed'],
  CHAIN_QUESTION: [400, 'a question to a chain is unknown or out of range'],
  DECOYS_MISSING: [409, 'the chain has too few outputs to hide a payment among'],
  ESCROW_ENDED: [409, 'the escrow has ended'],
  ESCROW_EXHAUSTED: [409, "a node's cap in the escrow is used up"],
  ESCROW_JOURNAL: [500, 'the journal of an escrow is damaged'],
  ESCROW_MISSING: [404, 'the escrow is not on the ledger'],
  ESCROW_RESERVE: [409, 'the reserve of the escrow is too small'],
  ESCROW_STRANGER: [403, 'a node is not part of the escrow'],
  ESCROW_USAGE: [409, 'the delivered work is less than what is already paid'],
  FEE_TOO_LOW: [409, 'the fee of a transaction is below the minimum'],
  FUNDS_INSUFFICIENT: [400, 'the unlocked money is not enough'],
  LEDGER_EXISTS: [409, 'the store already holds a chain'],
  LEDGER_MISSING: [409, 'the store holds no chain'],
  MEMPOOL_CONFLICT: [409, 'another waiting transaction spends the same output or acts for the same key'],
  MEMPOOL_FULL: [503, 'the mempool is full of transactions that pay at least as much'],
  MEMPOOL_KNOWN: [409, 'the transaction is already waiting'],
  OUTPUT_SPENT: [409, 'an input of a transaction is already spent'],
  PASSWORD_WEAK: [400, 'a new password is too easy to guess'],
  PAYMENT_PROOF_INVALID: [400, 'a text is not a proof of payment'],
  PAYMENT_UNKNOWN: [404, 'the wallet knows no such payment'],
  PAYMENT_UNPROVEN: [409, 'a proof of payment is not of this payment'],
  QUOTE_INVALID: [400, 'a quote is not signed by its node or has expired'],
  RECEIPT_INVALID: [502, 'a receipt does not pay what is owed'],
  SCAN_STOPPED: [500, 'the scanning thread has ended'],
  SNAPSHOT_INVALID: [502, 'a snapshot of the state is not valid'],
  SUBADDRESS_UNKNOWN: [404, 'the wallet has no such subaddress'],
  SUPPLY_BROKEN: [500, 'a block would create or lose money'],
  TRANSACTION_EXPIRED: [409, 'a transaction has expired'],
  TRANSACTION_INVALID: [409, 'a transaction breaks a rule, so no block may include it'],
  TRANSFER_INVALID: [400, 'a payment order is not valid'],
  VIEW_KEY_INVALID: [400, 'a text is not a view key'],
  WALLET_EXISTS: [409, 'there is a wallet already'],
  WALLET_INVALID: [400, 'a file is not a wallet of this version'],
  WALLET_IN_USE: [409, 'the wallet is open in another program'],
  WALLET_MISSING: [404, 'there is no wallet'],
  WALLET_NETWORK: [409, 'the wallet belongs to another network than the node'],
  WALLET_UNBOUND: [409, 'the wallet does not know its network yet'],
  WALLET_VIEW_ONLY: [409, 'a view-only wallet cannot do this'],
  WORDS_INVALID: [400, 'the words are not those of a wallet'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    ledger: typeof LEDGER_ERRORS;
  }
}

/** Throws TRANSACTION_INVALID: no block may include the transaction. `details` has the numbers of the rule. */
export function refuse(why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError('TRANSACTION_INVALID', `transaction refused: ${why}`, details);
}

/** Throws TRANSACTION_INVALID when the rule does not hold. */
export function ensure(rule: boolean, why: string, details: Record<string, unknown> = {}): asserts rule {
  if (!rule) refuse(why, details);
}

/** As `refuse`, for what is invalid in every state, so that the sender is to blame. */
export const refuseForged = (why: string): never => refuse(why, { forged: true });

/** Whether an error was thrown by `refuseForged`. */
export const isForged = (error: unknown): boolean =>
  error instanceof BitorchError && error.details.forged === true;

/** Runs a step and returns its TRANSACTION_INVALID error, or undefined on success. Rethrows other errors. */
export function refusalOf(step: () => void): BitorchError | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'TRANSACTION_INVALID') return error as BitorchError;
    throw error;
  }
}
