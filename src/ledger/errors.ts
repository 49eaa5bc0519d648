import { BitorchError, codeOf, type ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const LEDGER_ERRORS = {
  BLOCK_INVALID: [400, 'a block breaks a rule'],
  CHAIN_BEHIND: [503, 'a node is behind what is proven already'],
  CHAIN_INVALID: [502, 'what a node says of the chain does not hold'],
  CHAIN_QUESTION: [400, 'there is no such question to a chain'],
  DECOYS_MISSING: [409, 'the chain has too few outputs to hide a payment among'],
  ESCROW_ENDED: [409, 'the escrow has ended'],
  ESCROW_EXHAUSTED: [409, "a node's part of the escrow is used up"],
  ESCROW_JOURNAL: [500, 'the journal of an escrow is damaged'],
  ESCROW_MISSING: [404, 'the escrow is not on the ledger'],
  ESCROW_RESERVE: [409, 'the reserve of the escrow does not hold that much'],
  ESCROW_STRANGER: [403, 'a node has no part in the escrow'],
  ESCROW_USAGE: [409, 'less was delivered than is paid already'],
  FEE_TOO_LOW: [409, 'the fee of a transaction is under the least one'],
  FUNDS_INSUFFICIENT: [400, 'the unlocked money is not enough'],
  LEDGER_EXISTS: [409, 'the store holds a chain already'],
  LEDGER_MISSING: [409, 'the store holds no chain'],
  MEMPOOL_CONFLICT: [409, 'another waiting transaction spends the same'],
  MEMPOOL_FULL: [503, 'the pool is full of transactions that pay at least as much'],
  MEMPOOL_KNOWN: [409, 'the transaction waits already'],
  OUTPUT_SPENT: [409, 'the money of a transaction is spent already'],
  PAYMENT_PROOF_INVALID: [400, 'a text is not a proof of payment'],
  PAYMENT_UNKNOWN: [404, 'the wallet knows no such payment'],
  QUOTE_INVALID: [400, 'a quote is not signed, or not for this'],
  RECEIPT_INVALID: [502, 'a receipt does not hold'],
  SCAN_STOPPED: [500, 'the thread that scans has ended'],
  SNAPSHOT_INVALID: [502, 'a snapshot of the state is not what it claims to be'],
  SUBADDRESS_UNKNOWN: [404, 'the wallet has no such subaddress'],
  SUPPLY_BROKEN: [500, 'a block would make or lose money'],
  TRANSACTION_EXPIRED: [409, 'a transaction came after its expiry'],
  TRANSACTION_INVALID: [409, 'a transaction breaks a rule: no block may hold it'],
  TRANSFER_INVALID: [400, 'a payment is not one that can be made'],
  VIEW_KEY_INVALID: [400, 'a text is not a view key'],
  WALLET_INVALID: [400, 'a file is not a wallet of this version'],
  WALLET_MISSING: [404, 'there is no wallet'],
  WALLET_NETWORK: [409, "the wallet is for another network than the node's"],
  WALLET_UNBOUND: [409, 'the wallet does not know its network yet'],
  WALLET_VIEW_ONLY: [409, 'a wallet that only watches cannot do this'],
  WORDS_INVALID: [400, 'the words are not those of a wallet'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    ledger: typeof LEDGER_ERRORS;
  }
}

/** A transaction that no block may hold; `details` say which rule and with what numbers. */
export function refuse(why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError('TRANSACTION_INVALID', `transaction refused: ${why}`, details);
}

/** As `refuse`, unless the rule holds. */
export function ensure(rule: boolean, why: string, details: Record<string, unknown> = {}): asserts rule {
  if (!rule) refuse(why, details);
}

/** As `refuse`, of what is false whatever the state: only who sent it can have caused that. */
export const refuseForged = (why: string): never => refuse(why, { forged: true });

/** Whether a refusal is one of `refuseForged`. */
export const isForged = (error: unknown): boolean =>
  error instanceof BitorchError && error.details.forged === true;

/** The refusal that a step ends with, or undefined when it goes through; other errors are not ours to swallow. */
export function refusalOf(step: () => void): BitorchError | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'TRANSACTION_INVALID') return error as BitorchError;
    throw error;
  }
}
