import type { ErrorTable } from '#base';

/** Error codes of the node: HTTP status, meaning, and exit code where it is not 1. */
export const NODE_ERRORS = {
  ANNOUNCEMENT_INVALID: [400, 'an announcement is not signed by the node that it is about'],
  ANSWERS_TOO_MANY: [429, 'the node is writing its maximum number of answers'],
  ANSWER_COMPLETE: [409, 'an answer that is complete cannot be continued'],
  ANSWER_INTERRUPTED: [503, 'the node was stopped while it was writing an answer'],
  ANSWER_RUNNING: [409, 'an answer is being written in the conversation'],
  BLOCKS_INVALID: [400, 'the blocks to run are not blocks of the model'],
  BOND_SMALL: [400, 'a bond is below the minimum'],
  DISK_LIMIT_REACHED: [507, 'a model does not fit into the disk space that the node may use'],
  FAUCET_EMPTY: [503, 'the faucet is empty at the moment'],
  FETCH_PAUSED: [503, 'a slow fetch was paused to make room for others'],
  FETCH_STALLED: [503, 'no peer provides a model that is to be examined'],
  GOLDEN_MISMATCH: [409, 'a model does not compute what its manifest says'],
  HEIGHT_BEYOND: [400, 'the restore height of a wallet is beyond the end of the chain'],
  HOME_IN_USE: [409, 'a node runs on the data directory already'],
  INVITE_EXPIRED: [410, 'an invite is too old'],
  INVITE_FOREIGN: [409, 'an invite is for another network than that of the data directory'],
  INVITE_INVALID: [400, 'a text is not a complete invite'],
  INVITE_OUTDATED: [400, 'an invite has a format of another version'],
  INVITE_TOO_LONG: [400, 'an invite names more than fits into it'],
  INVITE_UNREACHABLE: [409, 'other machines cannot reach the node that invites'],
  JOIN_UNREACHABLE: [502, 'no node of an invite can be reached'],
  MODEL_PENDING: [403, 'no security node has cleared the model yet'],
  MODEL_QUARANTINED: [403, 'a security node has put the model in quarantine'],
  MODEL_UNKNOWN: [404, 'the node has no such model'],
  NODE_UNPROVEN: [502, 'the server at the address does not know the token of the node'],
  NETWORK_NONE: [409, 'the node is not part of a network'],
  NOT_A_CLIENT: [409, 'the node does not have the role "client"'],
  NOT_BONDED: [409, 'the validator has no bond'],
  NOT_JAILED: [409, 'the validator is not jailed'],
  NO_CHAIN: [404, 'the node follows no chain', 3],
  NO_FAUCET: [404, 'the network has no faucet'],
  OWNER_OTHER: [409, 'the bond belongs to another wallet'],
  PASSWORD_THROTTLED: [429, 'the password was wrong too often'],
  ROOM_EXCEEDED: [507, 'there is no disk space to examine a model'],
  STILL_JAILED: [409, 'the validator is still jailed'],
  THREADS_FULL: [507, 'the node keeps its maximum of conversations, in number or on disk'],
  THREAD_DAMAGED: [500, 'the file of a conversation cannot be decrypted'],
  THREAD_FULL: [409, 'a conversation has reached its maximum length'],
  THREAD_UNKNOWN: [404, 'there is no such conversation, or no such turn in it'],
  TOKENS_INVALID: [500, 'the file of API tokens is damaged'],
  TOKENS_TOO_MANY: [409, 'the node has the maximum number of API tokens'],
  TOKEN_EXISTS: [409, 'there is an API token of this name'],
  TOKEN_NAME_INVALID: [400, 'the name of an API token is invalid'],
  TOKEN_UNKNOWN: [404, 'there is no API token of this name'],
  UNSUPPORTED_PARAMETER: [400, 'an unsupported field would change the answer'],
  VALIDATOR_OUT: [409, 'the validator has double-signed and is removed permanently'],
  WALLET_LOCKED: [403, 'the wallet has to be unlocked first'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    node: typeof NODE_ERRORS;
  }
}
