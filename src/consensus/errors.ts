import { BitorchError, type ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const CONSENSUS_ERRORS = {
  ABCI_INVALID: [400, 'a request of the consensus engine is malformed'],
  APP_HASH_DIFFERS: [500, "the validators decided on another state than this node's"],
  BEACON_INVALID: [400, "a block does not begin with its proposer's beacon"],
  BLOCK_MISSING: [502, 'no peer provides a block'],
  CHAIN_DAMAGED: [500, 'the chain on disk is damaged'],
  CHAIN_FORKED: [500, 'two final blocks of one height are known'],
  CHAIN_MISSING: [404, 'the chain has not begun on this node'],
  CHAIN_STALE: [503, 'no new block for too long'],
  CHECKPOINT_DIFFERS: [409, 'a block is not the one that was given with --trust'],
  CLOCK_BEHIND: [409, 'a proven block is from the future, so the clock of this machine is behind'],
  COMMIT_INVALID: [400, 'a certificate does not prove that its block is final'],
  DOUBLE_SIGN_REFUSED: [500, 'the validator would contradict its own signature'],
  EVIDENCE_INVALID: [400, 'evidence proves no offence'],
  FORK_MISSING: [404, 'there is no record of a fork'],
  GENESIS_INVALID: [400, 'a genesis file breaks a rule'],
  GENESIS_MISMATCH: [409, 'the store holds another chain'],
  GENESIS_MISSING: [404, 'there is no genesis file, or none was named'],
  HEIGHT_WRONG: [409, 'a block was decided out of order'],
  JOURNAL_DAMAGED: [500, 'the journal of the validator is damaged'],
  JOURNAL_FULL: [500, 'the journal cannot be written: the validator signs nothing'],
  KEY_MISSING: [409, 'the node has no validator key'],
  LAST_SIGN_DAMAGED: [500, 'the record of what the validator has signed is damaged'],
  LIGHT_INVALID: [502, 'a header is not proven by the trusted one'],
  LIGHT_MISSING: [502, 'no node has a header'],
  NODE_MISSING: [404, 'no node runs or answers at the address', 3],
  NOT_ENOUGH_TRUST: [502, 'too few known validators have signed a block'],
  NO_PLACE: [503, 'a node has no free peer slots'],
  OTHER_CHAIN: [409, 'a peer is on another chain'],
  POOL_BUSY: [503, 'too many transactions at once'],
  PROOFS_INVALID: [409, 'the proofs of a transaction do not hold'],
  QUERY_INVALID: [400, 'a query to the application is invalid'],
  READER_STOPPED: [503, 'the query thread has ended'],
  TRUST_EXPIRED: [409, 'the trusted block is too old'],
  UNKNOWN: [500, 'a refusal with an unknown code'],
  VALIDATORS_INVALID: [400, 'a validator set is invalid'],
  VERIFIER_BUSY: [503, 'too many transactions are waiting for verification'],
  VERIFIER_STOPPED: [503, 'the verifier thread has ended'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    consensus: typeof CONSENSUS_ERRORS;
  }
}

type Code = 'BLOCK_INVALID' | 'COMMIT_INVALID' | 'EVIDENCE_INVALID' | 'VALIDATORS_INVALID' | 'PROOF_INVALID';

/** Rejects input of a peer or a file: throws `code` with the rule and its numbers in `details`. */
export function refuse(code: Code, why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError(code, why, details);
}

/** As `refuse`, unless the rule holds. */
export function ensure(
  rule: boolean,
  code: Code,
  why: string,
  details: Record<string, unknown> = {},
): asserts rule {
  if (!rule) refuse(code, why, details);
}
