import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const NODE_ERRORS = {
  ANNOUNCEMENT_INVALID: [400, 'an announcement is not signed by the node that it is about'],
  BLOCKS_INVALID: [400, 'the blocks to run are not blocks of the model'],
  BOND_SMALL: [400, 'a bond is under the least one'],
  DEVNET_OUTDATED: [409, 'a devnet on the disk was made by another version'],
  FAUCET_EMPTY: [503, 'the faucet has nothing to give now'],
  FETCH_PAUSED: [503, 'a slow fetch makes room for others'],
  FETCH_STALLED: [503, 'nobody gives a model that was to be examined'],
  FORK_MISSING: [404, 'there is no record of a fork'],
  GENESIS_MISSING: [404, 'there is no genesis file, or none was named'],
  GOLDEN_MISMATCH: [409, 'a model does not compute what its manifest says'],
  HEIGHT_BEYOND: [400, 'a wallet is to be restored from a height that the chain has not reached'],
  HOME_IN_USE: [409, 'a node runs on the data directory already'],
  MODEL_PENDING: [403, 'no security node has cleared the model yet'],
  MODEL_QUARANTINED: [403, 'a security node has put the model in quarantine'],
  MODEL_UNKNOWN: [404, 'the node has no such model'],
  NODE_UNPROVEN: [502, 'what answers does not know the token of the node'],
  NOT_A_CLIENT: [409, 'the node has not the role "client"'],
  NOT_BONDED: [409, 'the validator has no bond'],
  NOT_JAILED: [409, 'the validator is not jailed'],
  NO_CHAIN: [404, 'the node follows no chain', 3],
  NO_FAUCET: [404, 'the network has no faucet'],
  OWNER_OTHER: [409, 'the bond belongs to another wallet'],
  PASSWORD_THROTTLED: [429, 'the password was wrong too often'],
  PASSWORD_WEAK: [400, 'a new password is too easy to guess'],
  PAYMENT_UNPROVEN: [409, 'a proof of payment is not of this payment'],
  ROOM_EXCEEDED: [507, 'there is no room to examine a model'],
  STILL_JAILED: [409, 'the validator is jailed for some blocks more'],
  TOKENS_INVALID: [500, 'the file of API tokens is damaged'],
  TOKENS_TOO_MANY: [409, 'the node has as many API tokens as it keeps'],
  TOKEN_EXISTS: [409, 'there is an API token of this name'],
  TOKEN_NAME_INVALID: [400, 'the name of an API token cannot be one'],
  TOKEN_UNKNOWN: [404, 'there is no API token of this name'],
  UNSUPPORTED_PARAMETER: [400, 'a field asks for what is not there and would change the answer'],
  VALIDATOR_OUT: [409, 'the validator has signed twice and may not come back'],
  WALLET_EXISTS: [409, 'there is a wallet already'],
  WALLET_IN_USE: [409, 'the wallet is open in another program'],
  WALLET_LOCKED: [403, 'the wallet has to be unlocked first'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    node: typeof NODE_ERRORS;
  }
}
