import { BitorchError, type ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const CONSENSUS_ERRORS = {
  ABCI_INVALID: [400, 'a request of the consensus engine cannot be read'],
  APP_HASH_DIFFERS: [500, "the validators decided after another state than this node's"],
  BEACON_INVALID: [400, "a block does not begin with its proposer's beacon"],
  BLOCK_MISSING: [502, 'no peer gives a block'],
  CHAIN_DAMAGED: [500, 'the chain on the disk is damaged'],
  CHAIN_FORKED: [500, 'two final blocks of one height are known'],
  CHAIN_MISSING: [404, 'the chain has not begun here'],
  CHAIN_STALE: [503, 'no new block has come for too long'],
  CHECKPOINT_DIFFERS: [409, 'a block is not the one that was given with --trust'],
  COMMIT_INVALID: [400, 'a certificate does not prove that its block is final'],
  DOUBLE_SIGN_REFUSED: [500, 'the validator would sign against what it has signed'],
  EVIDENCE_INVALID: [400, 'evidence proves no offence'],
  GENESIS_INVALID: [400, 'a genesis file breaks a rule'],
  GENESIS_MISMATCH: [409, 'the store holds another chain'],
  HEIGHT_WRONG: [409, 'a block was decided out of turn'],
  JOURNAL_DAMAGED: [500, 'the journal of the validator is damaged'],
  JOURNAL_FULL: [500, 'the journal cannot be written: the validator signs nothing'],
  KEY_MISSING: [409, 'the node has no validator key'],
  LAST_SIGN_DAMAGED: [500, 'the record of what the validator has signed is damaged'],
  LIGHT_INVALID: [502, 'headers do not lead to a height in the steps allowed'],
  LIGHT_MISSING: [502, 'nobody has a header'],
  NODE_MISSING: [404, 'no node runs or answers there', 3],
  NOT_ENOUGH_TRUST: [502, 'too few known validators have signed a block'],
  NO_PLACE: [503, 'a node has as many peers as it takes'],
  OTHER_CHAIN: [409, 'a peer is on another chain'],
  POOL_BUSY: [503, 'too many transactions come at once'],
  PROOFS_INVALID: [409, 'the proofs of a transaction do not hold'],
  QUERY_INVALID: [400, 'a question to the application cannot be read'],
  READER_STOPPED: [503, 'the thread that answers questions has ended'],
  TRUST_EXPIRED: [409, 'what is trusted of the chain is too old'],
  UNKNOWN: [500, 'a refusal whose code is not known here'],
  VALIDATORS_INVALID: [400, 'a set of validators does not hold'],
  VERIFIER_BUSY: [503, 'too many transactions wait to be verified'],
  VERIFIER_STOPPED: [503, 'the thread that verifies has ended'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    consensus: typeof CONSENSUS_ERRORS;
  }
}

type Code = 'BLOCK_INVALID' | 'COMMIT_INVALID' | 'EVIDENCE_INVALID' | 'VALIDATORS_INVALID' | 'PROOF_INVALID';

/** Refuses what a peer or a file said; `details` say which rule and with what numbers. */
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
